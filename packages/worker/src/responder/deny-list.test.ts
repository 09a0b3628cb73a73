import type { DenyListEntry, DenyRequest } from "@vedette/api";
import { describe, expect, it } from "vitest";
import type { AlertOutcome } from "../alerter/alert-fold.ts";
import type { LineRule, PlacedFinding, RuleResponse } from "../detector/line-rule.ts";
import { StepDraft } from "../detector/step-draft.ts";
import { sampleAlert } from "../testing/store-samples.ts";
import { parseAddressList } from "./address-list.ts";
import { DenyList } from "./deny-list.ts";

const NOW = 1_000_000;

function stage(response: readonly RuleResponse[] = [], neverBlock: readonly string[] = []) {
  const rule = { id: "r1", extension: { kind: "security", response } } as unknown as LineRule;
  const list = new DenyList({
    rules: new Map([["r1", rule]]),
    neverBlock: parseAddressList(neverBlock),
    limit: 3,
  });
  const blobs = new Map<string, string>();
  const step = (run: (draft: StepDraft) => void, now = NOW) => {
    const draft = new StepDraft(now);
    run(draft);
    const commit = draft.toCommit("1");
    for (const { key, value } of commit.blobs ?? []) if (typeof value === "string") blobs.set(key, value);
    return commit;
  };
  return {
    list,
    blobs,
    step,
    /** What a finding with these values makes of the rule's responses. */
    find: (values: PlacedFinding["values"], entities: PlacedFinding["entities"] = []) =>
      step((draft) => {
        const alert = sampleAlert("a1", { rule: { id: "r1", title: "R", level: "high", revision: "1" } });
        const findings = [{ id: "f1", kind: "fact", to: NOW, values, entities }] as unknown as PlacedFinding[];
        list.respond({ alert, before: undefined, findings } as unknown as AlertOutcome, draft);
      }),
    deny: (request: Partial<DenyRequest>) =>
      step((draft) => void list.deny({ seconds: 60, reason: "Why", ...request }, "ann", draft)),
  };
}

const MINUTE = 60_000;
const of = (entry: DenyListEntry | undefined): object => {
  const { action, address, targets, rate, label } = entry ?? {};
  return JSON.parse(JSON.stringify({ action, address, targets, rate, label })) as object;
};

describe("a rule's response", () => {
  it.each<[string, RuleResponse, PlacedFinding["values"], object]>([
    [
      "blocks an address in short",
      { action: "block_address", field: "source.ip", for: MINUTE },
      { "source.ip": "::ffff:203.0.113.7" },
      { address: "203.0.113.7" },
    ],
    [
      "blocks a network that events are truncated to",
      { action: "block", field: "client.address", target: "client.address", for: MINUTE },
      { "client.address": "203.0.113.0/24" },
      { address: "203.0.113.0/24" },
    ],
    [
      "throttles an address on a route",
      {
        action: "throttle",
        field: "client.address",
        target: "client.address",
        route: "/login",
        rate: { limit: 5, seconds: 60 },
        for: MINUTE,
      },
      { "client.address": "203.0.113.7" },
      {
        action: "throttle",
        targets: [
          { kind: "client.address", value: "203.0.113.7" },
          { kind: "http.route", value: "/login" },
        ],
        rate: { limit: 5, seconds: 60 },
      },
    ],
    [
      "asks a user for a step-up",
      { action: "step_up", field: "user.hash", target: "user.hash", for: MINUTE },
      { "user.hash": "4f2a91c0" },
      { action: "step_up", targets: [{ kind: "user.hash", value: "4f2a91c0" }], label: "ada" },
    ],
    [
      "ends a session",
      { action: "end_session", field: "session.id", target: "session.id", for: MINUTE },
      { "session.id": "77aa" },
      { action: "end_session", targets: [{ kind: "session.id", value: "77aa" }], label: "ada" },
    ],
    [
      "observes a key",
      { action: "observe", field: "key", target: "vedette.api_key.hash", for: MINUTE },
      { key: "99bb" },
      { action: "observe", targets: [{ kind: "vedette.api_key.hash", value: "99bb" }] },
    ],
  ])("%s", (_name, response, values, expected) => {
    const { find } = stage([response]);
    const commit = find(values, [{ kind: "user", value: "ada" }]);
    expect(commit.denyList?.map(of)).toEqual([expected]);
    expect(commit.denyList).toMatchObject([{ state: "pending", expiresAt: NOW + MINUTE, alertId: "a1" }]);
    // Audited, and asked for as an effect, in the same step.
    expect(commit.audit?.map(({ action }) => action)).toEqual(["deny.decided", "effect.requested"]);
    expect(commit.effects).toMatchObject([{ action: "guard.publish", payload: { change: "begin" } }]);
  });

  it("is refused, by name, where the field holds nobody", () => {
    const { find, list } = stage([{ action: "step_up", field: "user.hash", target: "user.hash", for: MINUTE }]);
    const commit = find({ "user.hash": " " });
    expect(commit.denyList).toEqual([]);
    expect(commit.history).toMatchObject([{ note: "The field user.hash holds nobody's pseudonym, nor a route." }]);
    expect(list.refusals).toMatchObject({ no_target: 1, not_an_address: 0 });
  });

  it("does different things to one address side by side, each extended by itself and remembered over a restart", () => {
    const throttle: RuleResponse = {
      action: "throttle",
      field: "a",
      target: "client.address",
      rate: { limit: 1, seconds: 1 },
      for: 2 * MINUTE,
    };
    const responses: readonly RuleResponse[] = [{ action: "block_address", field: "a", for: MINUTE }, throttle];
    const first = stage(responses);
    const [block, slow] = first.find({ a: "203.0.113.7" }).denyList ?? [];
    const second = stage(responses);
    second.list.restore(first.blobs);
    expect(second.list.inForce(NOW).map(({ id }) => id)).toEqual([block?.id, slow?.id]);
    const later = second.step((draft) => void second.list.undo(block?.id ?? "", "ann", draft));
    expect(later.denyList).toMatchObject([{ id: block?.id, state: "undone" }]);
    expect(second.list.inForce(NOW).map(({ id }) => id)).toEqual([slow?.id]);
    expect(second.list.inForce(NOW + 2 * MINUTE)).toEqual([]);
  });
});

describe("a person's request", () => {
  it.each<[string, Partial<DenyRequest>, RegExp]>([
    ["about nobody", {}, /about nobody/],
    ["about two things at once", { address: "203.0.113.7", targets: [{ kind: "user.hash", value: "u" }] }, /not both/],
    ["that names no address", { address: "example.com" }, /not an IP address/],
    ["that names no network", { address: "203.0.113.0/33" }, /not an IP address/],
    ["without a rate", { action: "throttle", address: "203.0.113.7" }, /needs a rate/],
    ["with a rate that means nothing", { address: "203.0.113.7", rate: { limit: 1, seconds: 1 } }, /Only a throttle/],
    ["to end an address's session", { action: "end_session", address: "203.0.113.7" }, /session.id/],
    [
      "about two addresses",
      {
        targets: [
          { kind: "client.address", value: "203.0.113.7" },
          { kind: "client.address", value: "203.0.113.8" },
        ],
      },
      /one target only/,
    ],
    ["to switch off somebody", { action: "off", address: "203.0.113.7" }, /nobody in particular/],
    ["about an address of the list", { address: "10.1.2.3" }, /never blocked/],
    ["about a network that holds one of the list", { address: "0.0.0.0/0" }, /never blocked/],
    ["about a part of a network of the list", { address: "10.9.0.0/16" }, /never blocked/],
    [
      "about an address of the list on a route",
      {
        targets: [
          { kind: "client.address", value: "10.1.2.3" },
          { kind: "http.route", value: "/" },
        ],
      },
      /never blocked/,
    ],
  ])("%s is refused", (_name, request, why) => {
    const { deny } = stage([], ["10.0.0.0/8", "2001:db8::/32"]);
    expect(() => deny(request)).toThrow(why);
  });

  it("observes even an address of the list, and switches the guards off for a while", () => {
    const { deny, list } = stage([], ["10.0.0.0/8"]);
    expect(deny({ action: "observe", address: "10.1.2.3" }).denyList?.map(of)).toEqual([
      { action: "observe", address: "10.1.2.3" },
    ]);
    const off = deny({ action: "off", reason: "They turn customers away" });
    expect(off.denyList?.map(of)).toEqual([{ action: "off", targets: [] }]);
    expect(off.audit?.map(({ action, actor }) => [action, actor])).toEqual([
      ["deny.requested", "ann"],
      ["deny.decided", "responder"],
      ["effect.requested", "responder"],
    ]);
    expect(list.inForce(NOW)).toHaveLength(2);
    expect(list.inForce(NOW + MINUTE)).toEqual([]);
  });

  it("is one and the same however it is written", () => {
    const { deny, list } = stage();
    deny({ address: "203.0.113.99/24" });
    deny({ targets: [{ kind: "client.address", value: "203.0.113.0/24" }], action: "block" });
    expect(list.inForce(NOW).map(({ address }) => address)).toEqual(["203.0.113.0/24"]);
  });
});
