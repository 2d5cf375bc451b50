// SPDX-License-Identifier: Apache-2.0
// For `node --require`: whatever the program listens at, it is the same port of 127.0.0.1.
"use strict";
const { Server } = require("net");
const listen = Server.prototype.listen;
Server.prototype.listen = function (first, ...rest) {
  const port = typeof first === "object" && first !== null ? first.port : first;
  return listen.call(this, { port, host: "127.0.0.1" }, ...rest.filter((argument) => typeof argument === "function"));
};
