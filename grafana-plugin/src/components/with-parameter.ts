/**
 * An address's parameters with one changed; an empty value takes it out. The list begins anew, because a cursor belongs to the filters
 * it was made with.
 */
export function withParameter(
  before: URLSearchParams,
  name: string,
  value: string | null | undefined,
): URLSearchParams {
  const after = new URLSearchParams(before);
  if (value) after.set(name, value);
  else after.delete(name);
  after.delete("cursor");
  return after;
}
