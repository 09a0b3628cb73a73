import { describe, expect, test } from "vitest";
import {
  ATTR,
  BORROWED_ATTRIBUTES,
  ECS_EVENTS,
  ECS_TYPES,
  EVENT,
  OCSF_ACTIVITIES,
  OCSF_CLASS,
  OCSF_EVENTS,
  SESSION_ACTIONS,
} from "./index.ts";

const events = Object.values(EVENT);
const attributes = new Set<string>(Object.values(ATTR));

test("every attribute is ours, or says whose it is and how stable", () => {
  const borrowed = Object.values(ATTR).filter((name) => !name.startsWith("vedette."));
  expect(Object.keys(BORROWED_ATTRIBUTES).toSorted()).toEqual(borrowed.toSorted());
});

describe("in ECS", () => {
  test("every event has its place, and no other has one", () => {
    expect(Object.keys(ECS_EVENTS).toSorted()).toEqual(events.toSorted());
  });

  test.each(Object.entries(ECS_EVENTS))(
    "%s has types that its categories expect",
    (_name, { category, type, typeBy }) => {
      const expected = new Set(category.flatMap((each) => ECS_TYPES[each]));
      for (const each of [...type, ...Object.values(typeBy?.values ?? {}).flat()]) expect(expected).toContain(each);
      expect(category.length * type.length).toBeGreaterThan(0);
      if (typeBy !== undefined) expect(attributes).toContain(typeBy.attribute);
    },
  );

  test("values of attributes that decide are values that there are", () => {
    for (const action of Object.keys(ECS_EVENTS[EVENT.session].typeBy?.values ?? {}))
      expect(SESSION_ACTIONS).toContain(action);
  });
});

describe("in OCSF", () => {
  test("every event has its class, and no other has one", () => {
    expect(Object.keys(OCSF_EVENTS).toSorted()).toEqual(events.toSorted());
  });

  test.each(Object.entries(OCSF_EVENTS))("%s has activities that its class knows", (_name, event) => {
    const classes = new Set<number>(Object.values(OCSF_CLASS).map(({ uid }) => uid));
    for (const { class: ocsfClass, activity } of [event, ...Object.values(event.by?.values ?? {})]) {
      const { uid, category } = ocsfClass ?? event.class;
      expect(classes).toContain(uid);
      expect(Math.floor(uid / 1000)).toBe(category);
      if (activity[0] !== 99) expect(OCSF_ACTIVITIES[uid]).toContainEqual(activity);
    }
  });

  test("values of attributes that decide are values that there are", () => {
    for (const action of Object.keys(OCSF_EVENTS[EVENT.session].by?.values ?? {}))
      expect(SESSION_ACTIONS).toContain(action);
  });
});
