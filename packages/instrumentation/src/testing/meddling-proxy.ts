import * as net from "node:net";

/** What a proxy between the guard and the worker does to answers. */
export interface Meddling {
  /** Holds every byte back until so many have come, or until the connection ends. */
  readonly holdBack?: number;
  /** Holds what comes back for so many milliseconds, then passes it on in order; on connections that are under way, too. */
  readonly delay?: number;
  /** Cuts a connection so many milliseconds after it was made. */
  readonly cutAfter?: number;
  /** Takes no connection at all. */
  readonly refuse?: boolean;
  /** Meddles only with requests for these paths; a path is looked for in the request's first line. */
  readonly only?: string;
}

/** A proxy on 127.0.0.1 whose meddling the test changes while it runs; but for a delay, what is under way keeps the meddling that it began with. */
export interface MeddlingProxy {
  readonly port: number;
  meddle(how: Meddling): void;
  /** Ends everything that is under way. */
  cut(): void;
  /** First lines of the requests that came. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Starts a proxy before a port of this machine. */
export async function startMeddlingProxy(target: number): Promise<MeddlingProxy> {
  let how: Meddling = {};
  const sockets = new Set<net.Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const requests: string[] = [];
  const later = (milliseconds: number, work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, milliseconds);
    timers.add(timer);
  };
  const server = net.createServer((client) => {
    if (how.refuse === true) return client.destroy();
    const upstream = net.connect(target, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    let mine: Meddling | undefined;
    let line = "";
    client.on("data", (chunk: Buffer) => {
      if (mine === undefined) {
        [line = ""] = chunk.toString("latin1").split("\r\n", 1);
        requests.push(line);
        mine = how.only === undefined || line.includes(how.only) ? how : {};
        if (mine.cutAfter !== undefined) later(mine.cutAfter, () => client.destroy());
      }
      upstream.write(chunk);
    });
    client.on("close", () => upstream.destroy());
    let held: Buffer[] = [];
    let heldBytes = 0;
    const pass = (): void => {
      for (const part of held) client.write(part);
      held = [];
      heldBytes = 0;
    };
    upstream.on("data", (chunk: Buffer) => {
      const delay = how.only === undefined || line.includes(how.only) ? how.delay : undefined;
      if (delay !== undefined) return later(delay, () => void client.write(chunk));
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes >= (mine?.holdBack ?? 0)) pass();
    });
    upstream.on("end", () => {
      pass();
      later(how.delay ?? 0, () => client.end());
    });
    upstream.on("close", () => later(how.delay ?? 0, () => client.destroy()));
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as net.AddressInfo).port,
    meddle: (next) => void (how = next),
    cut,
    requests,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
