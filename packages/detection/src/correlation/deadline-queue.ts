/** Whole numbers by the time at which they must be looked at again: a binary heap. A number may be in it more than once. */
export class DeadlineQueue {
  #times = new Float64Array(64);
  #items = new Int32Array(64);
  #size = 0;

  /** The earliest time; infinity when the queue is empty. */
  get next(): number {
    return this.#size === 0 ? Infinity : (this.#times[0] ?? Infinity);
  }

  /** The item of the earliest time. */
  get first(): number {
    return this.#items[0] ?? 0;
  }

  get size(): number {
    return this.#size;
  }

  push(time: number, item: number): void {
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    const items = this.#items;
    let index = this.#size++;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      const above = times[parent] ?? 0;
      if (above <= time) break;
      times[index] = above;
      items[index] = items[parent] ?? 0;
      index = parent;
    }
    times[index] = time;
    items[index] = item;
  }

  /** Takes the earliest entry away. */
  pop(): void {
    const times = this.#times;
    const items = this.#items;
    const size = --this.#size;
    const time = times[size] ?? 0;
    const item = items[size] ?? 0;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && (times[child + 1] ?? 0) < (times[child] ?? 0)) child++;
      const below = times[child] ?? 0;
      if (below >= time) break;
      times[index] = below;
      items[index] = items[child] ?? 0;
      index = child;
    }
    times[index] = time;
    items[index] = item;
  }

  #grow(): void {
    const size = Math.ceil(this.#times.length * 1.5);
    const times = new Float64Array(size);
    const items = new Int32Array(size);
    times.set(this.#times);
    items.set(this.#items);
    this.#times = times;
    this.#items = items;
  }
}
