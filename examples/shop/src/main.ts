import { buildApp } from "./app.ts";
import { HELP, readCommand } from "./command-line.ts";
import { openShop } from "./shop.ts";

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2), process.env);
  if (command.help) {
    process.stdout.write(HELP);
    return;
  }
  const shop = await openShop({ database: command.database });
  const app = await buildApp(shop);
  const url = await app.listen({ host: command.host, port: command.port });
  const ready =
    process.env["SHOP_READY_JSON"] === "1" ? JSON.stringify({ ready: true, url }) : `The Corner Shop is open: ${url}`;
  process.stdout.write(`${ready}\n`);

  let closing = false;
  const close = (): void => {
    if (closing) return;
    closing = true;
    // The database ends with the process: a log-in whose client has gone may still be at it.
    void app.close();
  };
  process.on("SIGTERM", close);
  process.on("SIGINT", close);
}

try {
  await main();
} catch (error) {
  const { code, message } = error as { code?: string; message?: string };
  process.stderr.write(
    code === "EADDRINUSE"
      ? "The shop cannot open: its port is in use. Choose another one with --port.\n"
      : `The shop cannot open: ${message ?? String(error)}\n`,
  );
  process.exitCode = 2;
}
