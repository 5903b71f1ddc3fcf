/**
 * About how wide a text is, in units of the font size. The widths are those of a wide sans-serif (DejaVu Sans), because a page does not know
 * which font it will be shown in: most others need less.
 */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= 0x1100) width += 1.05;
    else if (/[mwMW@%]/.test(character)) width += 1;
    else if (/[A-Z&+<=>~#_]/.test(character)) width += 0.84;
    else if (/[ijl.,:;'|!()[\] ]/.test(character)) width += 0.4;
    else if (code >= 0x80) width += 0.85;
    else width += 0.65;
  }
  return width;
}

/** A text that fits a width, its middle left out if it must be: the ends of names and paths tell them apart. */
export function shorten(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  // Code points and not graphemes: what a grapheme is depends on the version of Unicode, and a page may not.
  const characters = Array.from(text);
  for (let kept = characters.length - 1; kept > 2; kept--) {
    const head = Math.ceil(kept / 2);
    const cut = `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (kept - head)).join('')}`;
    if (textWidth(cut) <= width) return cut;
  }
  return '…';
}
