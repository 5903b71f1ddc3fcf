/**
 * What went wrong, as a stable word that a program may match on.
 * - `USAGE`: an option is wrong or options contradict each other; exit code 2.
 * - `BAD_INPUT`: the data is damaged or not what its name promises; exit code 1.
 * - `UNSUPPORTED`: the data is well-formed but uses a feature Sluice does not read or write; exit code 1.
 * - `BAD_OUTPUT`: the output cannot be written (exists already, disk full, no permission); exit code 1.
 * - `MEMORY`: the promise of `--memory` cannot be kept; exit code 1.
 */
export type ErrorCode = 'USAGE' | 'BAD_INPUT' | 'UNSUPPORTED' | 'BAD_OUTPUT' | 'MEMORY';

/** An error the user can act on: its message says where, what was expected, what was found and, if known, what to do. */
export class CurationError extends Error {
  override readonly name = 'CurationError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
