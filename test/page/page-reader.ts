const ENTITIES: Readonly<Record<string, string>> = {
  '&#38;': '&',
  '&#60;': '<',
  '&#62;': '>',
  '&#34;': '"',
  '&#39;': "'",
};

/**
 * Checks that a page is well-formed as XML is: every element is closed, attributes are quoted and come once, and no character that would be markup stands
 * bare. A second reader, so that the page is not judged by what wrote it.
 * @throws Error that says where it is not.
 */
export function checkMarkup(page: string): void {
  const open: string[] = [];
  let at = page.startsWith('<!DOCTYPE html>\n') ? '<!DOCTYPE html>\n'.length : 0;
  const token = /<(\/?)([a-z][a-z0-9]*)((?: [a-z][a-zA-Z0-9:-]*="[^"<>]*")*)(\/?)>|([^<]+)/y;
  while (at < page.length) {
    token.lastIndex = at;
    const match = token.exec(page);
    if (match === null) throw new Error(`Not markup: ${page.slice(at, at + 80)}`);
    const [all, close, name, attributes, isVoid, text] = match;
    at += all.length;
    if (text !== undefined) {
      const bare = open.at(-1) === 'style' ? '' : text.replace(/&#\d+;/g, '');
      if (/[&>]/.test(bare)) throw new Error(`Not escaped: ${text}`);
      if (open.length === 0 && text.trim() !== '') throw new Error(`Outside of the page: ${text}`);
    } else if (close === '/') {
      const last = open.pop();
      if (last !== name)
        throw new Error(`<${last}> is closed by </${name}> before ${page.slice(at, at + 80)}`);
    } else {
      const names = [...attributes!.matchAll(/ ([a-zA-Z0-9:-]+)="([^"]*)"/g)].map(([, attribute, value]) => {
        if (/&(?!#\d+;)/.test(value!)) throw new Error(`Not escaped: ${value}`);
        return attribute!;
      });
      if (new Set(names).size < names.length) throw new Error(`An attribute twice: ${all}`);
      if (isVoid !== '/') open.push(name!);
    }
  }
  if (open.length > 0) throw new Error(`Never closed: ${open.join(' ')}`);
}

/** What is left of markup when it is read aloud: its text, with a space where an element ends. */
export function textOf(markup: string): string {
  return markup
    .replace(/<style>.*?<\/style>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#\d+;/g, (entity) => ENTITIES[entity]!)
    .replace(/[ \n]+/g, ' ')
    .trim();
}
