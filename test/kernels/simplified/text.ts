/** All of ASCII, all controls but tab and line feed, and some of the rest. */
const PUNCTUATION =
  /(?![\t\n])[\p{Cc}\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e—”：％１〈、【「，】；“《„’∶´．（–？！～«〉»》）。…►━」]/gu;

/** Datatrove's `simplify_text` in the plainest way, as the second implementation that byte kernels are held against. */
export function simplifiedText(text: string): string {
  return (
    text
      .toLowerCase()
      .replace(/\p{Nd}+(?:[.,،٫⎖⎗⎘]\p{Nd}+)?/gu, '0')
      .replace(PUNCTUATION, ' ')
      .replace(/[\t\n \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g, ' ')
      .normalize('NFD')
      .replace(/\p{Mn}/gu, '')
      // Not `trim`, which takes U+FEFF for white space, as Python does not; of its white space only spaces are left.
      .replace(/^ +| +$/g, '')
  );
}
