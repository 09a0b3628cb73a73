import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bodyFields, bodyFormat, type BodyFormat } from "./body-fields.ts";

const fields = (text: string, format: BodyFormat, boundary = ""): readonly string[] =>
  [...bodyFields(text, format, boundary)].map((field) => `${field.kind} ${field.path}=${field.text}`);

describe("the format of a body", () => {
  it.each([
    ["application/json; charset=utf-8", "json"],
    ["application/problem+json", "json"],
    ["application/x-www-form-urlencoded", "form"],
    ['multipart/form-data; boundary="a b"', "multipart"],
    ["application/soap+xml", "xml"],
    ["application/graphql", "text"],
    ["TEXT/plain", "text"],
    ["application/octet-stream", undefined],
    ["image/png", undefined],
    ["", undefined],
  ])("of %j is %s", (type, format) => {
    expect(bodyFormat(type)?.format).toBe(format);
  });

  it("has the boundary of its parts", () => {
    expect(bodyFormat('multipart/form-data; boundary="a b"')?.boundary).toBe("a b");
    expect(bodyFormat("multipart/form-data;boundary=ab; x=y")?.boundary).toBe("ab");
  });
});

describe("JSON", () => {
  it("gives names and strings with their paths", () => {
    expect(fields('{"a":"1","b":[{"c":"2"},"3",4],"d":{"e":{"f":"\\u0041\\n"}},"g":"5"}', "json")).toEqual([
      "name a=a",
      "value a=1",
      "name b=b",
      "name b[0].c=c",
      "value b[0].c=2",
      "value b[1]=3",
      "name d=d",
      "name d.e=e",
      "name d.e.f=f",
      "value d.e.f=A\n",
      "name g=g",
      "value g=5",
    ]);
  });

  it("that is cut off gives what it has", () => {
    expect(fields('{"a":"1","b":"half', "json")).toEqual(["name a=a", "value a=1", "name b=b", "value b=half"]);
  });

  it("that is none is one text", () => {
    expect(fields("cmd=;id", "json")).toEqual(["whole =cmd=;id"]);
    expect(fields("[1,true]", "json")).toEqual([]);
  });

  it("of any shape gives every string in it", () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: "grapheme" }), (json) => {
        const strings: string[] = [];
        JSON.parse(json, function (this: unknown, name, member: unknown) {
          if (!Array.isArray(this) && typeof this === "object" && name !== "") strings.push(name);
          if (typeof member === "string") strings.push(member);
          return member;
        });
        const found = new Set([...bodyFields(json, "json", "")].map(({ text }) => text));
        for (const text of strings) expect(found).toContain(text);
      }),
    );
  });
});

describe("a form", () => {
  it("gives names and values as they were sent", () => {
    expect(fields("a=1&b&=3&c=%3D&&d==", "form")).toEqual([
      "name a=a",
      "value a=1",
      "name b=b",
      "name =",
      "value =3",
      "name c=c",
      "value c=%3D",
      "name d=d",
      "value d==",
    ]);
  });
});

describe("parts", () => {
  const part = (head: string, content: string): string =>
    `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;

  it("give their values and the names of their files, and no contents of files but texts", () => {
    const body = `preamble${part('name="a"', "1\r\n2")}${part('name="f"; filename="x\\"y.php"\r\nContent-Type: image/png', "\u0089PNG;id")}${part("filename=z.txt; name=g\r\nContent-Type: text/plain", "inside")}--b--\r\nepilogue`;
    expect(fields(body, "multipart", "b")).toEqual([
      "name a=a",
      "value a=1\r\n2",
      "name f=f",
      'file name f=x\\"y.php',
      "name g=g",
      "file name g=z.txt",
      "value g=inside",
    ]);
  });

  it("that are cut off give what they have, and none without a boundary", () => {
    expect(fields('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf', "multipart", "b")).toEqual([
      "name a=a",
      "value a=half",
    ]);
    expect(fields("--b\r\n\r\nx", "multipart")).toEqual([]);
  });
});

describe("XML", () => {
  it("gives texts and attributes with what they stand in, entities undone", () => {
    expect(fields('<?xml version="1.0"?><a b="1 &lt; 2"><c>x &#65;</c><!-- no --><![CDATA[<d>]]></a>', "xml")).toEqual([
      "value a@b=1 < 2",
      "value c=x A",
      "value /c=<d>".replace("/c", "c"),
    ]);
  });

  it("gives its prologue where it declares something", () => {
    expect(fields('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xml")[0]).toMatch(/^whole =<!DOCTYPE/);
  });

  it("that is cut off anywhere gives no exception", () => {
    const whole = "<a b='1'><![CDATA[x]]><!-- y --><c d=\"2\"/>z</a>";
    for (let end = 0; end <= whole.length; end++) fields(whole.slice(0, end), "xml");
  });
});

describe("any body", () => {
  it.each(["json", "form", "multipart", "xml", "text"] as const)("read as %s gives no exception, in time", (format) => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            "{",
            "}",
            "[",
            '"',
            ":",
            ",",
            "<",
            ">",
            "=",
            "&",
            "--b",
            "\r\n",
            "<!--",
            "<![CDATA[",
            "\\",
            "'",
            "a",
            ";",
            'filename="',
          ),
          { maxLength: 60 },
        ),
        (pieces) => {
          fields(pieces.join(""), format, "b");
        },
      ),
    );
    for (const piece of [
      "{",
      '"',
      "[[",
      '{"a":',
      "<a b=",
      "<!--",
      "--b\r\n",
      'filename="',
      "a=b&",
      "<![CDATA[",
      "\\",
      "<a b='",
    ]) {
      const start = performance.now();
      fields(piece.repeat(Math.ceil(65_536 / piece.length)), format, "b");
      expect(performance.now() - start, piece).toBeLessThan(1500);
    }
  });
});
