/** Who is signed in at the worker. */
export interface ConsoleSession {
  readonly actor: string;
  readonly role: "reader" | "responder" | "admin";
}

/** Asks the worker who is signed in; undefined when nobody is, or when it does not answer (each page then says what to do). */
export async function readSession(): Promise<ConsoleSession | undefined> {
  try {
    const response = await fetch("/api/v1/session", { credentials: "same-origin" });
    return response.ok ? ((await response.json()) as ConsoleSession) : undefined;
  } catch {
    return undefined;
  }
}

/** Ends the session and shows the worker's page for signing in. */
export async function signOut(): Promise<void> {
  // A form would do, if a page without a referrer did not send its forms as if from nowhere, which the worker refuses.
  await fetch("/logout", { method: "POST", credentials: "same-origin", redirect: "manual" });
  location.assign("/login");
}
