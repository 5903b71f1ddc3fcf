/** What is noted of each concept while its quota is filled; arrays by its number. */
export interface ConceptNotes {
  /** No duplicates, exact or near. */
  readonly documents: Float64Array;
  /** Sum of their distances from the centre; 1 for each that says nothing. */
  readonly distances: Float64Array;
  /** Bytes of documents that say what another one says, but for outliers. */
  readonly repeatedBytes: Float64Array;
  /** Bytes that could fill the quota, and those that did, each document counted once. */
  readonly candidateBytes: Float64Array;
  readonly keptBytes: Float64Array;
  /** Where the quota was full: what comes up to here, by priority and then hash (low, high), was kept. */
  readonly cutPriorities: Float64Array;
  readonly cutHashes: Uint32Array;
  /** Bytes from which on a document was passed over, though later ones were kept; Infinity where none was. See `createFill`. */
  readonly sizeLimits: Float64Array;
}

/** How far the quota of a concept has been filled. */
interface Mark {
  concept: number;
  /** Of the last document that was kept. */
  priority: number;
  low: number;
  high: number;
  /** Bytes of the smallest document since then, Infinity without one. */
  leftOut: number;
}

const NOTHING_KEPT = { priority: -Infinity, low: 0, high: 0, leftOut: Infinity };

/** Notes what a plan for later dumps is made of. */
export class PlanNotes {
  readonly concepts: ConceptNotes;
  private readonly last: Mark = { concept: -1, ...NOTHING_KEPT };

  constructor(concepts: number) {
    const array = (): Float64Array => new Float64Array(concepts);
    this.concepts = {
      documents: array(),
      distances: array(),
      repeatedBytes: array(),
      candidateBytes: array(),
      keptBytes: array(),
      // Until one is left out, all are kept.
      cutPriorities: array().fill(Infinity),
      cutHashes: new Uint32Array(2 * concepts).fill(0xffff_ffff),
      sizeLimits: array().fill(Infinity),
    };
  }

  /** A document that is no duplicate, exact or near. */
  document(concept: number, distance: number): void {
    this.concepts.documents[concept]!++;
    this.concepts.distances[concept]! += distance;
  }

  /** A document that says what another one says, and is no outlier. */
  repeated(concept: number, bytes: number): void {
    this.concepts.repeatedBytes[concept]! += bytes;
  }

  /**
   * The next document of a quota; they come concept by concept, in a concept by priority and then hash.
   *
   * The cut lies in the middle between the last one kept and the next one. For of n random numbers the k-th is k / (n + 1) on average: a cut at the
   * k-th itself would let a smaller share of other documents pass than k / n, which small concepts would feel.
   */
  candidate(
    concept: number,
    bytes: number,
    priority: number,
    low: number,
    high: number,
    isKept: boolean,
  ): void {
    const { concepts, last } = this;
    concepts.candidateBytes[concept]! += bytes;
    if (last.concept !== concept) Object.assign(last, { concept, ...NOTHING_KEPT });
    if (isKept) {
      concepts.keptBytes[concept]! += bytes;
      // What was left out since the last one was passed over.
      concepts.sizeLimits[concept] = Math.min(concepts.sizeLimits[concept]!, last.leftOut);
      this.cut(concept, Infinity, 0xffff_ffff, 0xffff_ffff);
      Object.assign(last, { priority, low, high, leftOut: Infinity });
      return;
    }
    if (last.leftOut === Infinity) {
      const middle = last.priority + (priority - last.priority) / 2;
      const isBetween = middle > last.priority && middle < priority;
      this.cut(concept, isBetween ? middle : last.priority, last.low, last.high);
    }
    last.leftOut = Math.min(last.leftOut, bytes);
  }

  private cut(concept: number, priority: number, low: number, high: number): void {
    this.concepts.cutPriorities[concept] = priority;
    this.concepts.cutHashes[2 * concept] = low;
    this.concepts.cutHashes[2 * concept + 1] = high;
  }
}

/** Whether a document comes before the cut of its concept, or at it. */
export function isBeforeCut(
  { cutPriorities, cutHashes }: Pick<ConceptNotes, 'cutPriorities' | 'cutHashes'>,
  concept: number,
  priority: number,
  low: number,
  high: number,
): boolean {
  const cut = cutPriorities[concept]!;
  if (priority !== cut) return priority < cut;
  const cutHigh = cutHashes[2 * concept + 1]!;
  return high === cutHigh ? low <= cutHashes[2 * concept]! : high < cutHigh;
}
