import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Applicant, fairShares } from "./fair-share.ts";

const applicant = (worker: string, held: number, wanted = 100): Applicant => ({ worker, held, wanted });

describe("fair shares", () => {
  it.each<[name: string, resources: number, applicants: Applicant[], shares: number[]]>([
    ["one worker", 5, [applicant("a", 0)], [5]],
    ["an even share", 4, [applicant("a", 4), applicant("b", 0)], [2, 2]],
    ["odd ones stay with who has most", 3, [applicant("a", 1), applicant("b", 2)], [1, 2]],
    ["odd ones of equals go by name", 3, [applicant("b", 0), applicant("a", 0)], [1, 2]],
    ["nobody keeps two more than another", 4, [applicant("a", 2), applicant("b", 2), applicant("c", 0)], [2, 1, 1]],
    ["more workers than resources", 1, [applicant("a", 0), applicant("b", 1)], [0, 1]],
    ["what one does not want the others get", 6, [applicant("a", 0, 1), applicant("b", 0)], [1, 5]],
    ["nobody wants more", 6, [applicant("a", 0, 1), applicant("b", 0, 2)], [1, 2]],
    ["nobody", 6, [], []],
  ])("%s", (_, resources, applicants, shares) => {
    const result = fairShares(resources, applicants);
    expect(applicants.map(({ worker }) => result.get(worker))).toEqual(shares);
  });

  const applicants = fc.uniqueArray(
    fc.record({ worker: fc.string({ maxLength: 3 }), wanted: fc.nat({ max: 20 }), held: fc.nat({ max: 20 }) }),
    { selector: ({ worker }) => worker, maxLength: 8 },
  );

  it("give everything away that is wanted, evenly, and leave alone what is even already", () => {
    fc.assert(
      fc.property(fc.nat({ max: 60 }), applicants, (resources, all) => {
        const shares = fairShares(resources, all);
        const of = ({ worker }: Applicant): number => shares.get(worker) ?? 0;
        const total = all.reduce((sum, one) => sum + of(one), 0);
        expect(total).toBe(
          Math.min(
            resources,
            all.reduce((sum, { wanted }) => sum + wanted, 0),
          ),
        );
        const most = Math.max(0, ...all.map(of));
        for (const one of all) if (of(one) < one.wanted) expect(of(one)).toBeGreaterThanOrEqual(most - 1);
        const again = all.map((one) => ({ ...one, held: of(one) }));
        const same = fairShares(resources, again);
        for (const one of again) expect(same.get(one.worker)).toBe(one.held);
      }),
    );
  });
});
