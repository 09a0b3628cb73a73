import type { LogSource } from "../event.ts";
import { WINDOWS_CHANNELS, windowsLogSources } from "../mappings/windows-log-sources.ts";
import { type Bounds, every, not, some } from "./bounds.ts";
import type { PlaceReader } from "./places.ts";
import { type ReadMapping, type SourceAlternative, equal, filled, fits, like } from "./reading.ts";

const LINUX = "linux-sysmon/operational";
const SYSMON_PROVIDER = "microsoft-windows-sysmon";
const KERNEL_FILE = "microsoft-windows-kernel-file";
const OTHER_ID = "0";

/** Ids that make a difference, by service; for every other service only those of the kernel's file provider do. */
const IDS: Readonly<Record<string, readonly string[]>> = {
  sysmon: [...Array.from({ length: 29 }, (_, index) => String(index + 1)), "255"],
  windefend: ["1006", "1007", "1008", "1015", "1116", "1117", "1118", "1119"],
  security: ["4688"],
  powershell: ["4103", "4104"],
  "powershell-classic": ["400", "600", "800"],
};
const KERNEL_IDS = ["12", "19", "27"];
const EVENT_TYPES = ["create", "delete", ""];

/** A kind of Windows event whose log sources are one list. */
interface Cell {
  readonly service: string | undefined;
  /** What besides the service tells it; equal keys have equal meanings. */
  readonly key: string;
  readonly sources: readonly LogSource[];
}

const serviceOf = (channel: string): string | undefined =>
  windowsLogSources({ channel, provider: "", eventId: OTHER_ID, eventType: "" })[0]?.service;

const channelsByService = new Map<string, string[]>();
for (const channel of WINDOWS_CHANNELS) {
  const service = serviceOf(channel) ?? "";
  channelsByService.set(service, [...(channelsByService.get(service) ?? []), channel]);
}

const cells: readonly Cell[] = [undefined, ...channelsByService.keys()].flatMap((service): Cell[] => {
  const channel = service === undefined ? "" : (channelsByService.get(service)?.[0] ?? "");
  const ids = (service === undefined ? undefined : IDS[service]) ?? [];
  const cell = (key: string, eventId: string, eventType = "", provider = ""): Cell => ({
    service,
    key,
    sources: windowsLogSources({ channel, provider, eventId, eventType }),
  });
  return [
    ...ids.flatMap((id) =>
      service === "sysmon" && id === "12"
        ? EVENT_TYPES.map((type) => cell(`type ${type}`, id, type))
        : [cell(`id ${id}`, id)],
    ),
    ...(service === "sysmon" ? [] : KERNEL_IDS.map((id) => cell(`kernel ${id}`, id, "", KERNEL_FILE))),
    cell("other", OTHER_ID),
  ];
});

/** Reads the mappings of Windows events, whatever shape documents have. */
export const readWindows =
  (accepts: (reader: PlaceReader) => Bounds): ReadMapping =>
  (mapping, reader) => {
    const [channel = [], provider = [], id = [], type = []] = ["Channel", "Provider_Name", "EventID", "EventType"].map(
      (field) => mapping.paths(field, {}),
    );
    const hasChannel = (names: readonly string[]): Bounds => reader.test(channel, names.map(like));
    const hasProvider = (name: string): Bounds => reader.test(provider, [like(name)]);
    const hasId = (ids: readonly string[]): Bounds => reader.test(id, ids.map(equal));
    const once = <Value>(make: () => Value): (() => Value) => {
      let made: { readonly value: Value } | undefined;
      return () => (made ??= { value: make() }).value;
    };
    const isLinux = once(() => some([hasChannel([LINUX]), hasProvider("linux-sysmon")]));
    const isRpc = once(() => some([hasChannel(["rpcfw"]), hasProvider("rpcfw")]));
    const isKernel = once(() => hasProvider(KERNEL_FILE));
    const isWindows = once(() => every([not(isLinux()), not(isRpc())]));
    const isUnknownChannel = once(() => not(hasChannel(WINDOWS_CHANNELS)));

    const ofServices = (services: ReadonlySet<string | undefined>): Bounds => {
      const known = [...services].filter((service) => service !== undefined);
      const found: Bounds[] = [];
      if (known.length > 0) found.push(hasChannel(known.flatMap((service) => channelsByService.get(service) ?? [])));
      if (services.has("sysmon") && !services.has(undefined))
        found.push(every([hasProvider(SYSMON_PROVIDER), isUnknownChannel()]));
      else if (services.has(undefined))
        found.push(every([isUnknownChannel(), ...(services.has("sysmon") ? [] : [not(hasProvider(SYSMON_PROVIDER))])]));
      return some(found);
    };
    const ofKey = (key: string, service: string | undefined): Bounds => {
      const [kind = "", value = ""] = key.split(" ");
      const ids = (service === undefined ? undefined : IDS[service]) ?? [];
      if (kind === "id") return hasId([value]);
      if (kind === "kernel") return every([hasId([value]), isKernel()]);
      if (kind === "type") {
        const own =
          value === ""
            ? not(reader.test(type, ["create*", "delete*"].map(like)))
            : reader.test(type, [like(`${value}*`)]);
        return every([hasId(["12"]), own]);
      }
      const kernel = service === "sysmon" ? [] : [not(every([hasId(KERNEL_IDS), isKernel()]))];
      return every([...(ids.length > 0 ? [not(hasId(ids))] : []), ...kernel]);
    };

    const windows = (wanted: LogSource, signature: (source: LogSource) => string): readonly SourceAlternative[] => {
      const bySignature = new Map<string, { source: LogSource; whole: Set<string | undefined>; parts: Bounds[] }>();
      const services = new Set(cells.map(({ service }) => service));
      const shared = new Map<
        string,
        { source: LogSource; key: string; services: Set<string | undefined>; by: string }
      >();
      for (const service of services) {
        const own = cells.filter((cell) => cell.service === service);
        const found = own.flatMap((cell) => {
          const source = cell.sources.find((candidate) => fits(wanted, candidate));
          return source === undefined ? [] : [{ ...cell, source, by: signature(source) }];
        });
        const [first] = found;
        if (first === undefined) continue;
        if (found.length === own.length && found.every(({ by }) => by === first.by)) {
          const group = bySignature.get(first.by) ?? { source: first.source, whole: new Set(), parts: [] };
          group.whole.add(service);
          bySignature.set(first.by, group);
          continue;
        }
        for (const { key, source, by } of found) {
          // What the other ids are depends on the service; other keys do not.
          const name = `${by}\0${key}${key === "other" ? `\0${service ?? ""}` : ""}`;
          const known = shared.get(name) ?? { source, key, services: new Set(), by };
          known.services.add(service);
          shared.set(name, known);
        }
      }
      for (const { source, key, services: among, by } of shared.values()) {
        const group = bySignature.get(by) ?? { source, whole: new Set(), parts: [] };
        const [service] = among;
        group.parts.push(every([ofKey(key, service), ofServices(among)]));
        bySignature.set(by, group);
      }
      return [...bySignature.values()].map(({ source, whole, parts }) => ({
        source,
        when: every([
          some([
            ...(whole.size === 0 ? [] : whole.size === services.size ? [every([])] : [ofServices(whole)]),
            ...parts,
          ]),
          isWindows(),
        ]),
      }));
    };

    const linux = (wanted: LogSource): readonly SourceAlternative[] => {
      const bySource = new Map<string, { source: LogSource; ids: string[] }>();
      const known = IDS["sysmon"] ?? [];
      for (const eventId of [...known, OTHER_ID]) {
        const source = windowsLogSources({ channel: LINUX, provider: "", eventId, eventType: "" }).find((candidate) =>
          fits(wanted, candidate),
        );
        if (source === undefined) continue;
        const key = source.category ?? "";
        const group = bySource.get(key) ?? { source, ids: [] };
        group.ids.push(eventId);
        bySource.set(key, group);
      }
      return [...bySource.values()].map(({ source, ids }) => ({
        source,
        when: every([
          isLinux(),
          ids.includes(OTHER_ID) ? not(hasId(known.filter((one) => !ids.includes(one)))) : hasId(ids),
        ]),
      }));
    };

    return {
      accepts: accepts(reader),
      sources: (wanted, signature) => {
        const product = wanted.product;
        const found: SourceAlternative[] = [];
        if (product === undefined || product === "windows") found.push(...windows(wanted, signature));
        if (product === undefined || product === "linux") found.push(...linux(wanted));
        const rpc: LogSource = { product: "rpc_firewall", category: "application" };
        if (fits(wanted, rpc)) found.push({ source: rpc, when: every([not(isLinux()), isRpc()]) });
        return found;
      },
    };
  };

const keys = (...names: readonly string[]): readonly (readonly [string])[] => names.map((name) => [name]);

/** Whether the flat form of Windows events reads a document. */
export const acceptsFlat = (reader: PlaceReader): Bounds =>
  every([
    filled(reader, keys("EventID")),
    some(
      ["Channel", "Provider_Name", "EventLog", "SourceName", "ProviderName", "LogName"].map((name) =>
        filled(reader, keys(name)),
      ),
    ),
  ]);

/** Whether Winlogbeat's form does. */
export const acceptsWinlogbeat = (reader: PlaceReader): Bounds =>
  some([
    filled(reader, keys("winlog.channel")),
    filled(reader, keys("winlog.event_id")),
    every([
      filled(reader, keys("log_name")),
      filled(reader, keys("event_id")),
      reader.has("event_data"),
      not(reader.has("winlog")),
    ]),
  ]);

/** Names that an element's text may have beside its attributes. */
const TEXTS = ["#text", "_text", "$t", "_", "Value"];

/** Whether a form of the events' XML does, by the name of its element `System`. */
export const acceptsSystem = (reader: PlaceReader, system: string): Bounds =>
  some([`${system}.EventID`, ...TEXTS.map((name) => `${system}.EventID.${name}`)].map((name) => reader.text(name)));

/** Whether the form of the Collector's receiver does. */
export const acceptsOtelWindows = (reader: PlaceReader): Bounds =>
  some(
    ["body.structured", "body"].map((body) =>
      every([reader.text(`${body}.channel`), reader.defined(`${body}.event_id`)]),
    ),
  );
