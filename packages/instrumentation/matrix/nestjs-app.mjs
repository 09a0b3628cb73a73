// A small application of NestJS, written without the decorators' syntax, whichever version and platform a folder of the matrix hands in.
import "reflect-metadata";

/** Starts the application and writes its origin. */
export async function start(
  { Controller, ForbiddenException, Get, Module, NestFactory, Param, UnauthorizedException, UseGuards },
  adapter,
) {
  class OnlyAdministrators {
    canActivate() {
      return false;
    }
  }
  class Users {
    home() {
      return "home";
    }
    user(id) {
      return { id };
    }
    hidden() {
      throw new UnauthorizedException();
    }
    forbidden() {
      throw new ForbiddenException();
    }
    guarded() {
      return "never";
    }
    fails() {
      throw new Error("thrown in a handler");
    }
  }
  const decorate = (name, ...decorators) => {
    const descriptor = Object.getOwnPropertyDescriptor(Users.prototype, name);
    for (const decorator of decorators) decorator(Users.prototype, name, descriptor);
  };
  decorate("home", Get("/"));
  decorate("user", Get("users/:id"));
  Param("id")(Users.prototype, "user", 0);
  decorate("hidden", Get("private"));
  decorate("forbidden", Get("tenants/:tenant/orders/:order"));
  decorate("guarded", Get("admin/:area"), UseGuards(OnlyAdministrators));
  decorate("fails", Get("throw"));
  Controller("api")(Users);
  // oxlint-disable-next-line typescript/no-extraneous-class -- a module of NestJS is a class.
  class Application {}
  Module({ controllers: [Users] })(Application);

  const app = await (adapter === undefined
    ? NestFactory.create(Application, { logger: false })
    : NestFactory.create(Application, adapter, { logger: false }));
  await app.listen(0, "127.0.0.1");
  process.stdout.write(`${await app.getUrl()}\n`);
}
