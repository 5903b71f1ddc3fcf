/**
 * A short text of our own for models that are compared with lmplz; every line is a document. Its last byte is in it only once: see
 * {@link LAST_WORD}.
 */
export const TRAINING_LINES: readonly string[] = `
A sluice is a gate that lets some water pass and holds the rest back.
The miller opens the gate in the morning and closes it at night.
When the river is high, the gate is set low; when it is low, the gate is set high.
Water that has passed the gate does not come back to the mill.
The keeper writes down how much water came, how much was let through, and why.
In 1887 the old wooden gate was taken out and one of iron was put in its place.
"Who holds the gate holds the river," the keeper used to say.
Most of what comes down the river is water; some of it is wood, leaves and mud.
A grate before the gate keeps the wood out. The mud settles in the pond behind it.
Twice a year the pond is emptied and the mud is carried to the fields.
The fields like the mud more than the miller likes the work.
Clean water turns the wheel longer: that is the whole secret of the mill.
If the same log comes down twice, it was not taken out the first time.
The keeper counts logs. He has counted 64 this week, 9 of them oak.
Fish pass by a ladder of 12 small pools beside the gate.
No fish has ever asked why there is a gate.
Rain on Monday, rain on Tuesday, and on Wednesday the river was over the road.
The gate held. The road did not.
What the gate lets through is less than what came, and it is worth more.
That is all there is to know about a sluice.
In 1950 a pipe was laid; in 1983, a pump (of 25 kilowatts) and a valve: 3 more gates, 3 more keepers!
`
  .trim()
  .split('\n');

/** Seen, half seen, and never seen. */
export const HELD_OUT_LINES: readonly string[] = [
  'The gate held. The road did not.',
  'The keeper opens the gate when the pond is low.',
  'A mill without a river is a house with a wheel.',
  'Xylophones? Quartz & 30% jazz!',
  'w',
  'Grüße vom Fluß',
];

/**
 * A document for the end of a text that lmplz is given: a byte that is nowhere else. Where lmplz counts n-grams by adjusted count, it takes
 * the occurrences of the very last one of each lower order for its adjusted count (AdjustCounts::Run, after "This outputs the last n-grams").
 * That is a slip; the last one is of the word that it met last, so with this one both are 1, and lmplz gives what its authors' paper says.
 */
export const LAST_WORD = '\u007f';
