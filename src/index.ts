export type { Batch } from './columns/batch.ts';
export type {
  ConceptExample,
  ConceptReport,
  CurationReport,
  Distribution,
  DistributionGroup,
  FunnelStep,
  RedundancyReport,
  RuleReport,
} from './concepts/curation.ts';
export type { ConceptChange, DriftReport } from './concepts/drift.ts';
export type {
  ConvertOptions,
  CurationOptions,
  DedupOptions,
  DedupStreamOptions,
  DuplicateOptions,
  EngineOptions,
  InputOptions,
  OutputOptions,
  ReadOptions,
} from './config.ts';
export { convert } from './convert.ts';
export { curate } from './curate.ts';
export type { CurateOptions } from './curation/options.ts';
export { dedup } from './dedup.ts';
export { dedupStream } from './dedup-stream.ts';
export { CurationError, type ErrorCode } from './errors.ts';
export { type FilterOptions, filter } from './filter.ts';
export type { OptionValue, Recipe, RecipeStep, WordRule } from './filters/filter.ts';
export type { Compression, FormatName } from './formats/format.ts';
export {
  type Example,
  type InspectedReason,
  type Inspection,
  type InspectOptions,
  inspect,
} from './inspect.ts';
export { presets } from './presets.ts';
export type {
  ArmInfo,
  Comparison,
  Curve,
  HeldOutInfo,
  Interval,
  Multiplier,
  Proof,
  ProxyInfo,
} from './proof/proof.ts';
export { prove } from './prove.ts';
export type { Paths, ProveOptions } from './prove-options.ts';
export { read } from './read.ts';
export { parseRecipe, printRecipe, recipeSchema } from './recipe.ts';
export type {
  Calibration,
  Manifest,
  NearDuplicateReport,
  Part,
  PlanReport,
  Progress,
  Report,
  RunEvent,
  Work,
} from './report.ts';
export {
  type TrainEvent,
  type TrainQualityOptions,
  type TrainReport,
  trainQuality,
} from './train-quality.ts';
