import { bandFalsePositiveRate } from '../banding.ts';
import { BandedBloom, type BloomFill, type BloomPlan, planBloom } from './bloom.ts';

/** Each further layer is promised this share of the rate of the one before it. */
const TIGHTENING = 1 / 4;
/** Fewer documents than this are planned for as this many, so that a guess of 1 does not cost ten layers. */
const MIN_CAPACITY = 16_384;

/** What the index of near-duplicates is planned for. */
export interface BloomLayersOptions {
  readonly bands: number;
  /** Rows for which one layer suffices. */
  readonly expectedRows: number;
  /** Over all bands and layers, 0..1, both excluded. */
  readonly falsePositiveRate: number;
}

/**
 * Plans layer `index`: room for `2^index` times the expected rows at a rate of `3/4 * 4^-index` of the total, so that the
 * rates of all layers there will ever be add up to the total (Almeida, Baquero, Preguica and Hutchison 2007, "Scalable Bloom
 * Filters"; they take 1/2, but the first layer is nearly always the only one and should have most of the rate).
 */
export function planLayer(options: BloomLayersOptions, index: number): BloomPlan {
  const capacity = Math.max(MIN_CAPACITY, Math.ceil(options.expectedRows)) * 2 ** index;
  const layerRate = options.falsePositiveRate * (1 - TIGHTENING) * TIGHTENING ** index;
  return planBloom(options.bands, capacity, bandFalsePositiveRate(layerRate, options.bands));
}

/**
 * Banded Bloom filters that take any number of rows: when the newest layer is full, one of twice its size is put on top.
 * Every insert goes to the newest layer, every query asks all of them, newest first.
 */
export class BloomLayers {
  private readonly options: BloomLayersOptions;
  private readonly layers: BandedBloom[];
  private newest: BandedBloom;
  /** What was staged last, for a layer that is opened between. */
  private staged: { keys: Uint32Array; rowCount: number; start: number; end: number } = {
    keys: new Uint32Array(0),
    rowCount: 0,
    start: 0,
    end: 0,
  };

  constructor(options: BloomLayersOptions) {
    this.options = options;
    this.newest = new BandedBloom(planLayer(options, 0));
    this.layers = [this.newest];
  }

  /** Bytes of all layers. */
  get byteLength(): number {
    return this.layers.reduce((sum, layer) => sum + layer.byteLength, 0);
  }

  get bands(): number {
    return this.options.bands;
  }

  get layerCount(): number {
    return this.layers.length;
  }

  /** See {@link BandedBloom.stage}. */
  stage(keys: Uint32Array, rowCount: number, start: number, end: number): void {
    for (const layer of this.layers) layer.stage(keys, rowCount, start, end);
    this.staged = { keys, rowCount, start, end };
  }

  /** Whether any layer holds the key of any band of a staged row. */
  hasStaged(row: number): boolean {
    for (let layer = this.layers.length - 1; layer >= 0; layer--) {
      if (this.layers[layer]!.hasStaged(row)) return true;
    }
    return false;
  }

  /** Inserts a staged row; opens a new layer first if the newest is full. */
  insertStaged(row: number): void {
    if (this.newest.count >= this.newest.plan.capacity) {
      this.newest = new BandedBloom(planLayer(this.options, this.layers.length));
      this.layers.push(this.newest);
      const { keys, rowCount, start, end } = this.staged;
      this.newest.stage(keys, rowCount, start, end);
    }
    this.newest.insertStaged(row);
  }

  /** Share of bits set in all layers, and the rate a row of random new keys meets over all bands and layers. Reads everything. */
  measure(): BloomFill {
    let bits = 0;
    let lines = 0;
    let noLayer = 1;
    for (const layer of this.layers) {
      const measured = layer.measure();
      bits += measured.fill * layer.plan.linesPerBand;
      lines += layer.plan.linesPerBand;
      noLayer *= 1 - measured.falsePositiveRate;
    }
    return { fill: bits / lines, falsePositiveRate: 1 - noLayer };
  }
}
