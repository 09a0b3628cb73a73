import { describe, test } from "vitest";
import { AT, ISO, type Shape, expectShape } from "../testing/shape.ts";

const SHAPES: readonly Shape[] = [
  {
    what: "NXLog",
    document: {
      EventTime: ISO,
      Hostname: "ws1",
      SourceName: "Microsoft-Windows-Sysmon",
      EventID: 1,
      Channel: "Microsoft-Windows-Sysmon/Operational",
      Hashes: "MD5=AA,IMPHASH=BB",
    },
    mapping: "windows",
    sources: ["windows/process_creation/sysmon"],
    fields: { Provider_Name: "Microsoft-Windows-Sysmon", Computer: "ws1", Imphash: "BB", md5: "AA", sha1: null },
    time: AT,
    entities: ["host ws1"],
  },
  {
    what: "RPC Firewall",
    document: { EventID: 3, EventLog: "RPCFW", Source: "RPCFW", InterfaceUuid: "x", OpNum: 1 },
    mapping: "windows",
    sources: ["rpc_firewall/application/"],
    fields: { EventLog: "RPCFW", OpNum: 1 },
  },
  {
    what: "Defender",
    document: {
      EventID: 1116,
      Channel: "Microsoft-Windows-Windows Defender/Operational",
      "Threat Name": "EICAR",
      Path: "file:_C:\\x.com",
    },
    mapping: "windows",
    sources: ["windows//windefend", "windows/antivirus/windefend"],
    fields: { Signature: "EICAR", Filename: "file:_C:\\x.com" },
  },
  {
    what: "EVTX with a list of data",
    document: {
      Event: {
        System: {
          Provider: { "@Name": "P" },
          EventID: { "#text": "4688" },
          Channel: "Security",
          TimeCreated: { "@SystemTime": ISO },
        },
        EventData: { Data: [{ "@Name": "NewProcessName", "#text": "C:\\a.exe" }, { "@Name": "Empty" }] },
      },
    },
    mapping: "windows-evtx",
    sources: ["windows//security", "windows/process_creation/security"],
    fields: { Image: "C:\\a.exe", Empty: null, Provider_Name: "P" },
    time: AT,
  },
  {
    what: "EVTX with data as pairs of one member",
    document: {
      Event: {
        System: { EventID: 1, Channel: "Microsoft-Windows-Sysmon/Operational" },
        EventData: [{ Image: "C:\\a.exe" }, { User: "A\\b" }],
      },
    },
    mapping: "windows-evtx",
    sources: ["windows/process_creation/sysmon"],
    fields: { Image: "C:\\a.exe" },
    entities: ["user A\\b"],
  },
  {
    what: "EVTX with user data",
    document: {
      Event: {
        System: { EventID: 5858, Channel: "Microsoft-Windows-WMI-Activity/Operational" },
        UserData: { Operation: { Query: "q" } },
      },
    },
    mapping: "windows-evtx",
    sources: ["windows//wmi"],
    fields: { Query: "q" },
  },
  {
    what: "System and EventData at the top",
    document: {
      System: {
        EventID: 11,
        Channel: "Microsoft-Windows-Sysmon/Operational",
        Provider: { Name: "Microsoft-Windows-Sysmon" },
      },
      EventData: { TargetFilename: "C:\\x" },
    },
    mapping: "windows-xml",
    sources: ["windows/file_event/sysmon"],
    fields: { TargetFilename: "C:\\x", Provider_Name: "Microsoft-Windows-Sysmon" },
  },
  {
    what: "OTel windowseventlog",
    document: {
      attributes: {},
      resource: { attributes: { "host.name": "ws1" } },
      body: {
        structured: {
          channel: "Microsoft-Windows-Sysmon/Operational",
          event_id: { id: 1, qualifiers: 0 },
          provider: { name: "Microsoft-Windows-Sysmon" },
          computer: "ws1",
          system_time: ISO,
          event_data: { data: [{ Image: "C:\\a.exe" }] },
        },
      },
    },
    mapping: "windows-otel",
    sources: ["windows/process_creation/sysmon"],
    fields: { Image: "C:\\a.exe", EventID: 1 },
    time: AT,
    entities: ["host ws1"],
  },
  {
    what: "Winlogbeat",
    document: {
      "@timestamp": ISO,
      winlog: {
        channel: "Security",
        event_id: "4625",
        computer_name: "dc1",
        event_data: { TargetUserName: "eve", Status: "0xc000006d" },
      },
      source: { ip: "192.0.2.7" },
      event: { code: "4625" },
    },
    mapping: "winlogbeat",
    sources: ["windows//security"],
    fields: { EventID: "4625", TargetUserName: "eve", IpAddress: "192.0.2.7" },
    time: AT,
    entities: ["address 192.0.2.7", "user eve", "host dc1"],
  },
  {
    what: "Winlogbeat after the pipeline for PowerShell modules",
    document: {
      winlog: { channel: "Microsoft-Windows-PowerShell/Operational", event_id: "4103" },
      process: { command_line: "powershell.exe -enc AA", title: "ConsoleHost" },
      powershell: {
        command: {
          invocation_details: [
            { type: "ParameterBinding", related_command: "Out-File", name: "Path", value: "x" },
            { value: "raw" },
          ],
        },
      },
    },
    mapping: "winlogbeat",
    sources: ["windows//powershell", "windows/ps_module/powershell"],
    fields: {
      Payload: "ParameterBinding(Out-File): name=Path; value=x\nraw",
      ContextInfo: "Host Name = ConsoleHost\nHost Application = powershell.exe -enc AA",
    },
  },
  {
    what: "Winlogbeat with data that has no names",
    document: {
      winlog: {
        channel: "Windows PowerShell",
        event_id: 400,
        event_data: { param1: "Available", param2: "None", param3: "HostApplication=x" },
      },
    },
    mapping: "winlogbeat",
    sources: ["windows//powershell-classic", "windows/ps_classic_start/powershell-classic"],
    fields: { Data: ["Available", "None", "HostApplication=x"] },
  },
  {
    what: "Winlogbeat 6",
    document: {
      "@timestamp": ISO,
      log_name: "Microsoft-Windows-Sysmon/Operational",
      source_name: "Microsoft-Windows-Sysmon",
      event_id: 1,
      computer_name: "ws1",
      event_data: { Image: "C:\\a.exe" },
    },
    mapping: "winlogbeat",
    sources: ["windows/process_creation/sysmon"],
    fields: { Image: "C:\\a.exe", Computer: "ws1" },
  },
];

describe("Windows events are read from", () => {
  test.each(SHAPES.map((shape) => [shape.what, shape] as const))("%s", (_what, shape) => {
    expectShape(shape);
  });
});
