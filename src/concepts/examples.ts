/** A document that was kept to show what its concept is about. */
export interface Example {
  readonly hashLow: number;
  readonly hashHigh: number;
  /** To the centre of its concept. */
  readonly similarity: number;
  readonly source: number;
  readonly row: number;
  /** The beginning of its text: a view, valid until the concept gets another document. */
  readonly bytes: Uint8Array;
}

/** A few documents of each concept, in bounded memory. */
export interface Examples {
  /**
   * Takes a document into account. Which ones stay depends on the documents alone, in whatever order they come: those of the lowest hash, then source,
   * then row. One that does not enter costs a comparison or two.
   * @param hashLow,hashHigh 64 bits of a hash of its content.
   * @param bytes UTF-8; the beginning of `[start, end)` is copied, cut between code points.
   */
  add(
    concept: number,
    hashLow: number,
    hashHigh: number,
    similarity: number,
    source: number,
    row: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void;
  /** Those of a concept, the lowest hash first. To bring together what several threads have, add what each has to one. */
  of(concept: number): readonly Example[];
}

/**
 * Keeps the beginnings of `perConcept` documents of each concept: those of the lowest content hash, which is a uniform sample (bottom-k).
 * Memory: at most `concepts * perConcept * (mostBytes + 40)` bytes, taken concept by concept when its first document comes; 74 MiB for 4096 concepts
 * with 12 documents of 1.5 KiB each.
 */
export function createExamples(concepts: number, perConcept: number, mostBytes: number): Examples {
  for (const [name, value] of Object.entries({ concepts, perConcept, mostBytes })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`${name}: expected a whole number above 0, found ${value}`);
    }
  }
  const slots: (Slots | undefined)[] = Array.from({ length: concepts });
  return {
    add(concept, hashLow, hashHigh, similarity, source, row, bytes, start, end) {
      if (!(concept >= 0 && concept < concepts)) {
        throw new RangeError(`concept ${concept}: expected a number below ${concepts}`);
      }
      const own = (slots[concept] ??= new Slots(perConcept, mostBytes));
      own.add(hashLow >>> 0, hashHigh >>> 0, similarity, source, row, bytes, start, end);
    },
    of: (concept) => slots[concept]?.all() ?? [],
  };
}

/**
 * The documents that show best what a concept is about: of a uniform sample those nearest to its centre, the lowest hash first among equals.
 * @param examples as {@link Examples.of} gives them.
 */
export function typicalOf(examples: readonly Example[], most = 3): readonly Example[] {
  return [...examples.keys()]
    .sort((a, b) => examples[b]!.similarity - examples[a]!.similarity || a - b)
    .slice(0, most)
    .map((at) => examples[at]!);
}

/** The documents of one concept: `size` places for snippets, and the number of the one that would go first. */
class Slots {
  readonly #size: number;
  readonly #mostBytes: number;
  readonly #lows: Uint32Array;
  readonly #highs: Uint32Array;
  readonly #similarities: Float64Array;
  readonly #sources: Uint32Array;
  readonly #rows: Float64Array;
  readonly #lengths: Uint32Array;
  readonly #bytes: Uint8Array;
  #count = 0;
  #last = 0;

  constructor(size: number, mostBytes: number) {
    this.#size = size;
    this.#mostBytes = mostBytes;
    this.#lows = new Uint32Array(size);
    this.#highs = new Uint32Array(size);
    this.#similarities = new Float64Array(size);
    this.#sources = new Uint32Array(size);
    this.#rows = new Float64Array(size);
    this.#lengths = new Uint32Array(size);
    this.#bytes = new Uint8Array(size * mostBytes);
  }

  add(
    low: number,
    high: number,
    similarity: number,
    source: number,
    row: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const isFull = this.#count === this.#size;
    if (isFull && this.#compare(this.#last, low, high, source, row) <= 0) return;
    const at = isFull ? this.#last : this.#count++;
    this.#lows[at] = low;
    this.#highs[at] = high;
    this.#similarities[at] = similarity;
    this.#sources[at] = source;
    this.#rows[at] = row;
    const cut = cutBefore(bytes, start, end, this.#mostBytes);
    this.#bytes.set(bytes.subarray(start, cut), at * this.#mostBytes);
    this.#lengths[at] = cut - start;
    // A dozen comparisons, and only log(n) times as often as there are places.
    if (this.#count === this.#size) {
      this.#last = 0;
      for (let other = 1; other < this.#size; other++)
        if (this.#isAfter(other, this.#last)) this.#last = other;
    }
  }

  all(): Example[] {
    return Array.from({ length: this.#count }, (_, at) => at)
      .sort((a, b) => (this.#isAfter(a, b) ? 1 : -1))
      .map((at) => ({
        hashLow: this.#lows[at]!,
        hashHigh: this.#highs[at]!,
        similarity: this.#similarities[at]!,
        source: this.#sources[at]!,
        row: this.#rows[at]!,
        bytes: this.#bytes.subarray(at * this.#mostBytes, at * this.#mostBytes + this.#lengths[at]!),
      }));
  }

  #isAfter(a: number, b: number): boolean {
    return this.#compare(a, this.#lows[b]!, this.#highs[b]!, this.#sources[b]!, this.#rows[b]!) > 0;
  }

  /** Above 0 where the document of a place comes after another one. */
  #compare(at: number, low: number, high: number, source: number, row: number): number {
    return (
      this.#highs[at]! - high || this.#lows[at]! - low || this.#sources[at]! - source || this.#rows[at]! - row
    );
  }
}

/** End of the longest beginning of `[start, end)` of at most so many bytes that ends between two code points. */
function cutBefore(bytes: Uint8Array, start: number, end: number, most: number): number {
  if (end - start <= most) return end;
  let cut = start + most;
  // A code point has at most 3 bytes after its first; more of them are damage, which may be cut anywhere.
  for (let back = 0; back < 3 && cut > start && (bytes[cut]! & 0xc0) === 0x80; back++) cut--;
  return (bytes[cut]! & 0xc0) === 0x80 ? start + most : cut;
}
