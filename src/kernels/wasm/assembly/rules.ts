/** Entry of the module `rules`: everything that the rule sets ask of a text. */
export * from './rules-lines';
export { hashBytes, scanRuns, scanWords } from './rules-scan';
export * from './rules-repetition';
export * from './rules-c4';
