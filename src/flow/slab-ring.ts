/** One loan of shared memory. */
export interface Slab {
  /** `byteLength` is at least what was asked for. */
  readonly buffer: SharedArrayBuffer;
  /** Counts one more holder; each holder calls `release` once. */
  retain(): void;
  release(): void;
}

/** A fixed number of equal slabs of shared memory; taking one is the backpressure of the engine. */
export interface SlabRing {
  readonly slabBytes: number;
  /** Slabs out on loan. */
  readonly held: number;
  /** The next free slab, in the order of asking. Above `slabBytes` a slab is made for the loan and dropped after it, one at a time. */
  acquire(byteLength?: number): Promise<Slab>;
}

/**
 * The ring is the constant in constant memory: `count * slabBytes` bytes at most, made on first use, never given back,
 * used again last one first so that a quiet pipeline touches few of them. Fresh buffers per batch would pile up until
 * the collector notices memory it does not own.
 */
export function createSlabRing(count: number, slabBytes: number): SlabRing {
  const free: SharedArrayBuffer[] = [];
  const waiting: (() => void)[] = [];
  let made = 0;
  let held = 0;
  let isOversizedOut = false;

  function lend(buffer: SharedArrayBuffer, giveBack: () => void): Slab {
    let holders = 1;
    held++;
    return {
      buffer,
      retain() {
        holders++;
      },
      release() {
        if (--holders !== 0) return;
        held--;
        giveBack();
        for (const retry of waiting.splice(0)) retry();
      },
    };
  }

  async function acquire(byteLength = slabBytes): Promise<Slab> {
    for (;;) {
      if (byteLength > slabBytes) {
        if (!isOversizedOut) {
          isOversizedOut = true;
          return lend(new SharedArrayBuffer(byteLength), () => (isOversizedOut = false));
        }
      } else {
        const buffer = free.pop() ?? (made < count ? new SharedArrayBuffer((made++, slabBytes)) : undefined);
        if (buffer !== undefined) return lend(buffer, () => free.push(buffer));
      }
      // Retries run in the order of asking, so the oldest waiter takes what was freed.
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  }

  return {
    slabBytes,
    get held() {
      return held;
    },
    acquire,
  };
}
