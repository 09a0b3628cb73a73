const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Ways in which log lines write their time; named groups Y, M, D, h, m, s, f, z, p. The first that is found in a line counts. */
const FORMS: readonly RegExp[] = [
  // 2024-02-18T02:29:57.123+08:00, 2021-11-09  5:13:11, 2022/02/07 - 10:49:33, date=2024-10-14 time=13:46:40
  /(?<!\d)(?<Y>20\d\d)[-/](?<M>\d\d)[-/](?<D>\d\d)(?:[T ]| - | +| time=)(?<h>\d{1,2}):(?<m>\d\d):(?<s>\d\d)(?:[.,](?<f>\d{1,9}))? ?(?<z>Z|[+-]\d\d:?\d\d)?/,
  // 21/Mar/2023:01:10:52 +0000, 27/Jul/2023 16:06:44
  /(?<!\d)(?<D>\d{1,2})\/(?<M>[A-Z][a-z]{2})\/(?<Y>20\d\d)[: ](?<h>\d\d):(?<m>\d\d):(?<s>\d\d)(?: (?<z>[+-]\d{4}))?/,
  // 19-Oct-2022 05:34:02.425
  /(?<!\d)(?<D>\d{1,2})-(?<M>[A-Z][a-z]{2})-(?<Y>20\d\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d)(?:\.(?<f>\d+))?/,
  // Fri Oct 08 17:08:41.203277 2021
  /(?<M>[A-Z][a-z]{2}) (?<D>[ \d]\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d)(?:\.(?<f>\d+))? (?<Y>20\d\d)/,
  // 08/02/2023, 7:32:47 PM and 01/25/22 16:08:02.393003
  /(?<!\d)(?<M>\d\d)\/(?<D>\d\d)\/(?<Y>(?:20)?\d\d),? (?<h>\d{1,2}):(?<m>\d\d):(?<s>\d\d)(?:\.(?<f>\d+))?(?: (?<p>[AP]M))?/,
  // Jan  4 17:34:01: syslog has no year
  /(?<M>[A-Z][a-z]{2}) +(?<D>\d{1,2}) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d)(?:\.(?<f>\d+))?/,
];

/** Time of a log line in Unix milliseconds, UTC where it names no zone and the year 2000 where it names none; undefined when it has none. */
export function lineTime(line: string): number | undefined {
  for (const form of FORMS) {
    const parts = form.exec(line)?.groups;
    if (parts === undefined) continue;
    const month = /^\d/.test(parts["M"] ?? "")
      ? Number(parts["M"]) - 1
      : MONTHS.indexOf((parts["M"] ?? "").toLowerCase());
    if (month < 0) continue;
    const year = Number(parts["Y"] ?? 2000);
    const hour = (Number(parts["h"]) % (parts["p"] === undefined ? 24 : 12)) + (parts["p"] === "PM" ? 12 : 0);
    const milliseconds = Math.floor(Number(`0.${parts["f"] ?? "0"}`) * 1_000);
    const zone = /^([+-])(\d\d):?(\d\d)$/.exec(parts["z"] ?? "");
    const offset = zone === null ? 0 : (zone[1] === "-" ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) * 60_000;
    return (
      Date.UTC(
        year < 100 ? 2000 + year : year,
        month,
        Number(parts["D"]),
        hour,
        Number(parts["m"]),
        Number(parts["s"]),
        milliseconds,
      ) - offset
    );
  }
  return undefined;
}
