/** What is known of a worker that offers to work on resources of a kind. */
export interface Applicant {
  readonly worker: string;
  /** Most that it could work on now. */
  readonly wanted: number;
  readonly held: number;
}

/**
 * Shares a number of resources out so that nobody has two more than another who wants more. Who has most keeps the odd ones, so that nothing moves
 * among workers that are in balance already; every worker that knows the same comes to the same result.
 */
export function fairShares(resources: number, applicants: readonly Applicant[]): ReadonlyMap<string, number> {
  const order = applicants.toSorted(
    (a, b) => b.held - a.held || (a.worker < b.worker ? -1 : a.worker > b.worker ? 1 : 0),
  );
  const shares = new Map(order.map(({ worker }) => [worker, 0]));
  let left = Math.min(
    resources,
    order.reduce((sum, { wanted }) => sum + wanted, 0),
  );
  for (let level = 0; left > 0; level += 1) {
    for (const { worker, wanted } of order) {
      if (left === 0 || wanted <= level) continue;
      shares.set(worker, level + 1);
      left -= 1;
    }
  }
  return shares;
}
