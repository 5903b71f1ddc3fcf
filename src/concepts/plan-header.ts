/** Ends the reading of a file: where, what was expected, and what was found. */
export type Refuse = (where: string, expected: string, found: string) => never;

/** An object of a header in JSON, each of whose fields is checked when it is read. */
export class HeaderReader {
  readonly content: Readonly<Record<string, unknown>>;
  private readonly path: string;
  private readonly refuseFile: Refuse;

  /** @param path of the object, for messages. */
  private constructor(content: unknown, path: string, refuse: Refuse) {
    if (typeof content !== 'object' || content === null || Array.isArray(content))
      refuse(path, 'an object', describe(content));
    this.content = content as Readonly<Record<string, unknown>>;
    this.path = path;
    this.refuseFile = refuse;
  }

  /** Reads UTF-8 of a JSON object. */
  static parse(bytes: Uint8Array, refuse: Refuse): HeaderReader {
    let content: unknown;
    try {
      content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch {
      refuse('header', 'JSON', 'something else');
    }
    return new HeaderReader(content, 'header', refuse);
  }

  refuse(name: string, expected: string, found: string): never {
    return this.refuseFile(`${this.path}, ${name}`, expected, found);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.content, name);
  }

  object(name: string): HeaderReader {
    return new HeaderReader(this.content[name], `${this.path}, ${name}`, this.refuseFile);
  }

  list(name: string): readonly unknown[] {
    const value = this.content[name];
    return Array.isArray(value) ? value : this.refuse(name, 'a list', describe(value));
  }

  number(name: string, least: number, most: number): number {
    const value = this.content[name];
    if (typeof value === 'number' && value >= least && value <= most) return value;
    return this.refuse(name, `a number from ${least} to ${most}`, describe(value));
  }

  whole(name: string, least: number, most: number): number {
    const value = this.number(name, least, most);
    return Number.isInteger(value) ? value : this.refuse(name, 'a whole number', describe(value));
  }

  boolean(name: string): boolean {
    const value = this.content[name];
    return typeof value === 'boolean' ? value : this.refuse(name, 'true or false', describe(value));
  }

  text(name: string): string {
    const value = this.content[name];
    return typeof value === 'string' ? value : this.refuse(name, 'a text', describe(value));
  }

  word<Word extends string>(name: string, words: readonly Word[]): Word {
    const value = this.content[name];
    const found = words.find((word) => word === value);
    return found ?? this.refuse(name, `one of ${words.join(', ')}`, describe(value));
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'object' && value !== null
    ? 'another kind of value'
    : JSON.stringify(value).slice(0, 100);
}
