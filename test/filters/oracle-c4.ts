/** Second implementations over strings of what the C4 filters and the sentence rule do over bytes: slow, and each rule as it reads. */

const SPACE = '[\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const BREAK = '\\r\\n|[\\n\\v\\f\\r\\x1c-\\x1e\\x85\\u2028\\u2029]';
const SIGN = '[$<=^|~/@\\\\\\x00-\\x1f\\x7f]';
const edges = new RegExp(`^${SPACE}+|${SPACE}+$`, 'gu');
const spaces = new RegExp(`${SPACE}+`, 'u');

/** Python's `str.strip()`. */
export const strip = (text: string): string => text.replace(edges, '');
/** Python's `str.split()`. */
export const splitWords = (text: string): string[] => text.split(spaces).filter((word) => word !== '');
/** Python's `str.splitlines()`. */
export function splitLines(text: string): string[] {
  const lines = text.split(new RegExp(BREAK, 'u'));
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
/** Python's `len()`. */
export const lengthOf = (text: string): number => Array.from(text).length;
/** Python's `str.lower()`; JavaScript has the same exceptions. */
const lower = (text: string): string => text.toLowerCase();

// The characters that spaCy's sentencizer knows beside . ! ?
const WIDE =
  '[։؟۔܀܁܂߹।॥၊။።፧፨᙮᜵᜶᠃᠉᥄᥅᪨᪩᪪᪫᭚᭛᭞᭟᰻᰼᱾᱿‼‽⁇⁈⁉⸮⸼꓿꘎꘏꛳꛷꡶꡷꣎꣏꤯꧈꧉꩝꩞꩟꫰꫱꯫﹒﹖﹗！．？｡。\u{10a56}\u{10a57}\u{11047}\u{11048}' +
  '\u{110be}-\u{110c1}\u{11141}-\u{11143}\u{111c5}\u{111c6}\u{111cd}\u{111de}\u{111df}\u{11238}\u{11239}\u{1123b}\u{1123c}\u{112a9}' +
  '\u{1144b}\u{1144c}\u{115c2}\u{115c3}\u{115c9}-\u{115d7}\u{11641}\u{11642}\u{1173c}-\u{1173e}\u{11a42}\u{11a43}\u{11a9b}\u{11a9c}' +
  '\u{11c41}\u{11c42}\u{16a6e}\u{16a6f}\u{16af5}\u{16b37}\u{16b38}\u{16b44}\u{1bc9f}\u{1da88}]';
const OPENING = '[(\\[{¡«¿‘‚‛“„‟‹〈《「『【〔〖〘〚〝（［｛｟｢]';
const DASH = '[%\\-‐‑‒–—―]';
const SLASH = '[/@\\\\]';
/** Closing marks: punctuation that is nothing of the other kinds. */
const MARK = `(?:(?!${WIDE}|${OPENING}|${DASH}|${SLASH}|[.!?])[\\p{P}\`])`;
const UPPER = '(?:[A-Z]|(?=[^\\x00-\\x7f])[\\p{L}\\p{N}])';

const glue = new RegExp(`${WIDE}(?:${MARK}|${WIDE}|[.!?])*$`, 'u');
const tailOf = new RegExp(`(?:${MARK}|${OPENING}|${WIDE}|[.!?])*$`, 'u');
const firstMarks = new RegExp(`^(?:${MARK}|${OPENING}|${WIDE}|[.!?])*`, 'u');
const solid = new RegExp(`^(?:(?!${SPACE}|\\p{P}|${WIDE}|\`).|[+>])$`, 'su');
const capital = new RegExp(`^${UPPER}$`, 'u');
const abbreviations = new Set(
  `Adm Ak Ala Apr Ariz Ark Aug Bros Calif Co Colo Conn Corp Dec Del Dr E.g Feb Fla Ga Gen Gov I.e Ia Id Ill Inc Ind Jan Jr Jul Jun Kan
   Kans Ky La Ltd Mar Mass Md Mich Minn Miss Mo Mont Mr Mrs Ms Mt Neb Nebr Nev Nov Oct Okla Ore Pa Ph Prof Rep Rev Sen Sep Sept St Tenn
   Va Wash Wis a.m co e.g i.e p.m v.s vs www`.split(/\s+/u),
);

const isCapital = (character: string): boolean =>
  character !== 'ς' && capital.test(character) && character.toLowerCase() !== character;
const isSmall = (character: string): boolean =>
  /^[a-z]$/u.test(character) ||
  (character > '\x7f' && !isCapital(character) && !/^\p{P}$/u.test(character) && !spaces.test(character));

/** Whether the dot behind `before`, all that stands before it in its word, is a full stop if no dot is beside it. */
function isFullStop(before: string): boolean {
  const characters = Array.from(before);
  const last = characters.at(-1);
  if (last === undefined) return true;
  if (isCapital(last)) {
    const second = characters.at(-2);
    return second !== undefined && isCapital(second);
  }
  if (isSmall(last)) {
    const core = before.replace(firstMarks, '');
    return Buffer.byteLength(core) > 1 && !abbreviations.has(core);
  }
  return !new RegExp(SIGN, 'u').test(last);
}

/** Whether the word ends a sentence when white space follows. */
function endsSentence(word: string): boolean {
  const tail = tailOf.exec(word)![0];
  const before = word.slice(0, word.length - tail.length);
  for (let at = 0; at < tail.length; at++) {
    if (tail[at] === '!' || tail[at] === '?') return true;
    if (tail[at] !== '.' || tail[at + 1] === '.') continue;
    if ((before + tail.slice(0, at)).endsWith('.')) continue;
    if (isFullStop(before + tail.slice(0, at))) return true;
  }
  return false;
}

/** The sentences of a text by the rule of kernels/rules/sentences.ts. */
export function oracleSentences(text: string): string[] {
  const sentences: string[] = [];
  let rest = text;
  for (;;) {
    const end = sentenceLength(rest);
    sentences.push(rest.slice(0, end));
    if (end === rest.length) return sentences;
    rest = rest.slice(end);
  }
}

function sentenceLength(text: string): number {
  let candidate = -1;
  let word = '';
  let at = 0;
  for (const character of text) {
    if (spaces.test(character)) {
      if (endsSentence(word)) candidate = at;
      word = '';
    } else {
      const inside = /^(.*[^])\.$/su.exec(word);
      if (inside !== null && isCapital(character) && !/[/@\\]/u.test(word)) {
        const before = inside[1]!;
        if (isSmall(Array.from(before).at(-1)!) && isFullStop(before)) candidate = at;
      }
      if (candidate >= 0 && solid.test(character)) return candidate;
      word += character;
      if (glue.test(word)) candidate = at + character.length;
    }
    at += character.length;
  }
  return text.length;
}

export interface OracleC4Options {
  readonly split_paragraph: boolean;
  readonly remove_citations: boolean;
  readonly filter_no_terminal_punct: boolean;
  readonly min_num_sentences: number | null;
  readonly min_words_per_line: number | null;
  readonly max_word_length: number | null;
  readonly filter_lorem_ipsum: boolean;
  readonly filter_javascript: boolean;
  readonly filter_curly_bracket: boolean;
  readonly filter_policy: boolean;
}

export const c4Defaults: OracleC4Options = {
  split_paragraph: true,
  remove_citations: true,
  filter_no_terminal_punct: true,
  min_num_sentences: 5,
  min_words_per_line: 3,
  max_word_length: 1000,
  filter_lorem_ipsum: true,
  filter_javascript: true,
  filter_curly_bracket: true,
  filter_policy: true,
};

const policies = [
  'terms of use',
  'privacy policy',
  'cookie policy',
  'uses cookies',
  'use of cookies',
  'use cookies',
];

/** The text that is left, or the reason. */
export function oracleC4(
  text: string,
  options: OracleC4Options = c4Defaults,
): { readonly text: string } | { readonly reason: string } {
  const { min_num_sentences: fewest, min_words_per_line: least, max_word_length: longest } = options;
  const kept: string[] = [];
  let sentences = 0;
  for (const piece of options.split_paragraph ? splitLines(text) : oracleSentences(text)) {
    let line = strip(piece);
    const words = splitWords(line);
    if (longest !== null && words.some((word) => lengthOf(word) > longest)) continue;
    if (options.remove_citations) line = line.replace(/\[\p{Nd}*\]|\[edit\]|\[citation needed\]/gu, '');
    if (options.filter_no_terminal_punct && (!/[.?!"']$/u.test(line) || line.endsWith('...'))) continue;
    if (least !== null && words.length < least) continue;
    const lowered = lower(line);
    if (options.filter_lorem_ipsum && lowered.includes('lorem ipsum')) return { reason: 'lorem_ipsum' };
    if (options.filter_javascript && lowered.includes('javascript')) continue;
    if (options.filter_curly_bracket && line.includes('{')) return { reason: 'curly_bracket' };
    if (options.filter_policy && policies.some((policy) => lowered.includes(policy))) continue;
    sentences += options.split_paragraph ? oracleSentences(line).length : 1;
    kept.push(line);
  }
  if (fewest !== null && sentences < fewest) return { reason: 'too_few_sentences' };
  return { text: strip(kept.join(options.split_paragraph ? '\n' : ' ')) };
}
