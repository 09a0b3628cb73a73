import { describe, expect, it } from "vitest";
import { createSessionClients } from "./session-clients.ts";

const changed = (...what: string[]): object => ({ action: "client_changed", changed: what });
const concurrent = (...what: string[]): object => ({ action: "concurrent", changed: what });

describe("the memory of sessions' clients", () => {
  let time = 0;
  const memory = (most?: number): ReturnType<typeof createSessionClients> => {
    time = 0;
    return createSessionClients(() => time, most);
  };

  it.each<[string, readonly (readonly [address: string, agent: string, after?: number])[], readonly unknown[]]>([
    [
      "one client",
      [
        ["192.0.2.1", "a"],
        ["192.0.2.2", "a"],
      ],
      [undefined, undefined],
    ],
    [
      "a new version",
      [
        ["192.0.2.1", "Firefox/140.0"],
        ["192.0.2.1", "Firefox/141.0.2"],
      ],
      [undefined, undefined],
    ],
    [
      "both families of addresses",
      [
        ["192.0.2.1", "a"],
        ["2001:db8::1", "a"],
        ["192.0.2.1", "a"],
      ],
      [undefined, undefined, undefined],
    ],
    [
      "another network",
      [
        ["192.0.2.1", "a"],
        ["198.51.100.1", "a"],
      ],
      [undefined, changed("address")],
    ],
    [
      "another network of IPv6",
      [
        ["2001:db8::1", "a"],
        ["2001:db9::1", "a"],
      ],
      [undefined, changed("address")],
    ],
    [
      "another user agent",
      [
        ["192.0.2.1", "a"],
        ["192.0.2.1", "b"],
      ],
      [undefined, changed("user_agent")],
    ],
    [
      "another of both",
      [
        ["192.0.2.1", "a"],
        ["2001:db8::1", "b"],
      ],
      [undefined, changed("address", "user_agent")],
    ],
    [
      "back within a minute",
      [
        ["192.0.2.1", "a"],
        ["192.0.2.1", "b", 30],
        ["192.0.2.1", "a", 29],
      ],
      [undefined, changed("user_agent"), concurrent("user_agent")],
    ],
    [
      "back after a minute",
      [
        ["192.0.2.1", "a"],
        ["192.0.2.1", "b", 30],
        ["192.0.2.1", "a", 31],
      ],
      [undefined, changed("user_agent"), undefined],
    ],
    [
      "back and forth",
      [
        ["192.0.2.1", "a"],
        ["192.0.2.1", "b"],
        ["192.0.2.1", "a"],
        ["192.0.2.1", "b"],
      ],
      [undefined, changed("user_agent"), concurrent("user_agent"), undefined],
    ],
  ])("sees %s", (_name, seen, expected) => {
    const clients = memory();
    const found = seen.map(([address, agent, after = 0]) => {
      time += after * 1000;
      return clients.seen("session", address, agent);
    });
    expect(found).toEqual(expected);
  });

  it("tells a few changes of one session and no more", () => {
    const clients = memory();
    const found = Array.from({ length: 20 }, (_, index) => clients.seen("session", `10.0.${index}.1`, "a"));
    expect(found.filter((sight) => sight !== undefined)).toHaveLength(5);
  });

  it("keeps sessions apart and forgets the one that was not used for longest", () => {
    const clients = memory(2);
    clients.seen("first", "192.0.2.1", "a");
    clients.seen("second", "192.0.2.1", "a");
    clients.seen("first", "192.0.2.1", "a");
    clients.seen("third", "192.0.2.1", "a");
    expect(clients.size).toBe(2);
    expect(clients.seen("second", "192.0.2.1", "b")).toBeUndefined();
    expect(clients.seen("third", "192.0.2.1", "b")).toEqual(changed("user_agent"));
  });
});
