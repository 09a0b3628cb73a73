// A login with passwords: how applications compare them, and what they say about it themselves.
import { createServer } from "node:http";
// oxlint-disable-next-line no-restricted-imports -- an application imports the package by its name.
import { security } from "@vedette/instrumentation";
import argon2 from "argon2";

async function main() {
  const strong = await argon2.hash("lovelace");
  const weak = await argon2.hash("lovelace", { memoryCost: 1024, timeCost: 2, parallelism: 1 });
  const other = await argon2.hash("babbage");

  const routes = {
    "/promise": (password) => argon2.verify(strong, password),
    "/weak": (password) => argon2.verify(weak, password),
    "/reported": async (password) => {
      const matched = await argon2.verify(strong, password);
      security.authentication({
        outcome: matched ? "success" : "failure",
        userName: "ada",
        method: "form",
        failureReason: "typo",
      });
      return matched;
    },
    "/history": async (password) => {
      const before = await argon2.verify(strong, password);
      return before || (await argon2.verify(other, password));
    },
    "/disabled-account": async (password, response) => {
      response.statusCode = 403;
      return argon2.verify(strong, password);
    },
    "/wrong-argument": () => argon2.verify(7, "lovelace"),
  };

  const serve = async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, "http://localhost");
    try {
      const matched = await routes[pathname](searchParams.get("password"), response);
      if (!matched) response.statusCode = 401;
      response.end(JSON.stringify({ matched }));
    } catch (error) {
      response.statusCode = 500;
      response.end(JSON.stringify({ name: error.name, message: error.message, first: error.stack.split("\n")[1] }));
    }
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
}

void main();
