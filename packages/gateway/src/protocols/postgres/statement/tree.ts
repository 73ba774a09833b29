/** Reading the parser's JSON: it is only ever looked at through these. */

/** A bare node: fields by name. */
export type Body = Readonly<Record<string, unknown>>;

export function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A tagged node as its tag and body, or null when it is not one. */
export function untag(value: unknown): { readonly tag: string; readonly body: Body } | null {
  if (!isBody(value)) return null;
  const [entry, ...more] = Object.entries(value);
  if (entry === undefined || more.length > 0 || !isBody(entry[1])) return null;
  return { tag: entry[0], body: entry[1] };
}

/** The body of a tagged node of this tag, or null. */
export function as(tag: string, value: unknown): Body | null {
  const node = untag(value);
  return node?.tag === tag ? node.body : null;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A string field; absent means empty, as in protobuf. */
export function text(body: Body, field: string): string {
  const value = body[field];
  return typeof value === 'string' ? value : '';
}

/** A bare body in a field, or an empty one. */
export function bare(body: Body, field: string): Body {
  const value = body[field];
  return isBody(value) ? value : {};
}

/** The strings of a list of String nodes; anything else in it is skipped. */
export function names(value: unknown): string[] {
  return list(value).flatMap((item) => {
    const string = as('String', item);
    return string === null ? [] : [text(string, 'sval')];
  });
}

/** The strings of a name written as a List node, a String node, a TypeName or an ObjectWithArgs. */
export function nameOf(value: unknown): string[] {
  const node = untag(value);
  if (node === null) return [];
  switch (node.tag) {
    case 'List':
      return names(node.body.items);
    case 'String':
      return [text(node.body, 'sval')];
    case 'TypeName':
      return names(node.body.names);
    case 'ObjectWithArgs':
      return names(node.body.objname);
    default:
      return [];
  }
}

/** The value of a string constant, also behind a cast to text, regclass or name; undefined when it is anything else. */
export function constantText(value: unknown): string | undefined {
  const cast = as('TypeCast', value);
  if (cast !== null) {
    const type = bare(cast, 'typeName');
    const plain = list(type.typmods).length === 0 && list(type.arrayBounds).length === 0;
    const [first, second] = names(type.names);
    const name = second === undefined ? first : first === 'pg_catalog' ? second : undefined;
    const keeps = name === 'text' || name === 'regclass' || name === 'varchar';
    return plain && keeps ? constantText(cast.arg) : undefined;
  }
  const constant = as('A_Const', value);
  if (constant === null) return undefined;
  return isBody(constant.sval) ? text(constant.sval, 'sval') : undefined;
}

/** A constant as a setting's text: strings and numbers; undefined when it is anything else. */
export function constantSetting(value: unknown): string | undefined {
  const constant = as('A_Const', value) ?? as('String', value) ?? null;
  if (constant === null) return undefined;
  if (typeof constant.sval === 'string') return constant.sval;
  if (isBody(constant.sval)) return text(constant.sval, 'sval');
  if (isBody(constant.ival)) return typeof constant.ival.ival === 'number' ? `${constant.ival.ival}` : '0';
  if (isBody(constant.fval)) return text(constant.fval, 'fval');
  if (isBody(constant.boolval)) return constant.boolval.boolval === true ? 'on' : 'off';
  return undefined;
}

/** A name in text as regclass reads it (`a."B"`), or null when it is not one or two names. */
export function parseRegclass(value: string): { schemaname?: string; relname: string } | null {
  const parts: string[] = [];
  const part = /\s*(?:"((?:[^"]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*))\s*(\.|$)/uy;
  for (let ended = false; !ended; ) {
    const match = part.exec(value);
    if (match === null) return null;
    parts.push(match[1] === undefined ? (match[2] ?? '').toLowerCase() : match[1].replaceAll('""', '"'));
    ended = match[3] === '';
  }
  const [first, second] = parts;
  if (first === undefined || parts.length > 2) return null;
  return second === undefined ? { relname: first } : { schemaname: first, relname: second };
}
