// A login with passwords: how applications compare them, and what they say about it themselves.
import { createServer } from "node:http";

/** Starts it with a copy of bcrypt or bcryptjs, and the manual API as the application loaded it. */
export async function start(bcrypt, security) {
  const strong = await bcrypt.hash("lovelace", 10);
  const weak = await bcrypt.hash("lovelace", 4);
  const other = await bcrypt.hash("babbage", 10);

  const routes = {
    "/promise": (password) => bcrypt.compare(password, strong),
    "/weak": (password) => bcrypt.compare(password, weak),
    "/sync": async (password) => bcrypt.compareSync(password, strong),
    "/callback": (password) =>
      new Promise((resolve, reject) => {
        const promise = bcrypt.compare(password, strong, function (error, matched) {
          if (arguments.length > 2) reject(new Error("too many arguments"));
          else if (error) reject(error);
          else resolve(matched);
        });
        if (promise !== undefined) reject(new Error("a promise beside the callback"));
      }),
    "/reported-in-callback": (password) =>
      new Promise((resolve) => {
        bcrypt.compare(password, strong, (error, matched) => {
          security.authentication({ outcome: "failure", userName: "ada", method: "form", failureReason: "typo" });
          resolve(matched);
        });
      }),
    "/reported": async (password) => {
      const matched = await bcrypt.compare(password, strong);
      security.authentication({
        outcome: matched ? "success" : "failure",
        userName: "ada",
        method: "form",
        failureReason: "typo",
      });
      return matched;
    },
    "/history": async (password) => {
      const before = await bcrypt.compare(password, strong);
      return before || (await bcrypt.compare(password, other));
    },
    "/disabled-account": async (password, response) => {
      response.statusCode = 403;
      return bcrypt.compare(password, strong);
    },
    "/wrong-argument": () => bcrypt.compare(7, strong),
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
