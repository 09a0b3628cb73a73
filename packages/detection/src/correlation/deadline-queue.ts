/** Keys by the time at which they must be looked at again: a binary heap. A key may be in it more than once. */
export class DeadlineQueue {
  readonly #times: number[] = [];
  readonly #keys: string[] = [];

  push(time: number, key: string): void {
    let index = this.#times.length;
    this.#times.push(time);
    this.#keys.push(key);
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if ((this.#times[parent] ?? 0) <= time) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Takes the earliest entry if its time is before `horizon`. */
  popBefore(horizon: number): { readonly time: number; readonly key: string } | undefined {
    const [first] = this.#times;
    const [key] = this.#keys;
    if (first === undefined || key === undefined || first >= horizon) return undefined;
    const time = this.#times.pop() ?? 0;
    const last = this.#keys.pop() ?? "";
    if (this.#times.length > 0) {
      this.#times[0] = time;
      this.#keys[0] = last;
      this.#sink();
    }
    return { time: first, key };
  }

  #sink(): void {
    const size = this.#times.length;
    for (let index = 0; ;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2])
        if (child < size && (this.#times[child] ?? 0) < (this.#times[least] ?? 0)) least = child;
      if (least === index) return;
      this.#swap(index, least);
      index = least;
    }
  }

  #swap(a: number, b: number): void {
    [this.#times[a], this.#times[b]] = [this.#times[b] ?? 0, this.#times[a] ?? 0];
    [this.#keys[a], this.#keys[b]] = [this.#keys[b] ?? "", this.#keys[a] ?? ""];
  }
}
