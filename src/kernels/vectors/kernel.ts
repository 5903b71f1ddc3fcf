import type { CenterKernel } from './centers.ts';
import { ScalarCenters } from './scalar.ts';
import { SimdCenters } from './simd.ts';
import { DIMENSION_STEP, MOST_DIMENSIONS } from './vectors.ts';

/**
 * A kernel that finds the nearest of centres of this size. `scalar` is plain TypeScript, which the WebAssembly SIMD kernel is tested against.
 * Both cost one multiplication for each component of each centre; the latter does eight at a time.
 * @throws RangeError for dimensions that no `Vectors` have.
 */
export function createCenterKernel(dimensions: number, kernel: 'simd' | 'scalar' = 'simd'): CenterKernel {
  if (!(dimensions > 0 && dimensions <= MOST_DIMENSIONS && dimensions % DIMENSION_STEP === 0)) {
    throw new RangeError(
      `vectors of ${dimensions} dimensions; a multiple of ${DIMENSION_STEP} to ${MOST_DIMENSIONS}`,
    );
  }
  return kernel === 'simd' ? new SimdCenters(dimensions) : new ScalarCenters(dimensions);
}
