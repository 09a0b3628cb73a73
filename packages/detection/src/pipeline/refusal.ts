/** Why a pipeline cannot be applied to a rule: the rule is refused. */
export class PipelineRefusal extends Error {
  /** Offset in the rule's file, where known. */
  readonly at: number | undefined;
  /** The pipeline item at fault: `path:line:column`. */
  readonly place: string | undefined;
  constructor(message: string, at?: number, place?: string) {
    super(message);
    this.at = at;
    this.place = place;
  }
}
