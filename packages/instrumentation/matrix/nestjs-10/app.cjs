const common = require("@nestjs/common");
const { NestFactory } = require("@nestjs/core");
const { start } = require("../nestjs-app.mjs");

void start({ ...common, NestFactory });
