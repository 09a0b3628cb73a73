/** A member of a table by a name that a document or a rule gave; nothing that every object inherits. */
export function ownMember<Value>(table: Readonly<Record<string, Value>>, name: string | undefined): Value | undefined {
  return name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}
