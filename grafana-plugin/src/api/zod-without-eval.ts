import { config } from "zod";

// zod would probe for `new Function`, with which it compiles schemas: a strict content security policy reports that as an attack. It
// asks when a schema is made, so this is imported before anything that makes one.
config({ jitless: true });
