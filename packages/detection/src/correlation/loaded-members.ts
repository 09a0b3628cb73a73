/** Members of one group, unpacked one beside the other; valid up to the size that was asked for. */
export class LoadedMembers {
  times = new Float64Array(64);
  /** Places of their rules among those listed. */
  rules = new Int32Array(64);
  /** Numbers of the compared field. */
  numbers = new Float64Array(64);
  /** Values of the compared fields as text. */
  texts: string[] = [];
  /** What each counts for once: its episode, or itself. */
  units: string[] = [];

  /** Makes room for so many members. */
  resize(size: number): void {
    if (this.times.length >= size) return;
    const room = 2 ** Math.ceil(Math.log2(size));
    this.times = new Float64Array(room);
    this.rules = new Int32Array(room);
    this.numbers = new Float64Array(room);
  }
}
