/** Port that every bridge listens on inside its container. */
export const bridgePort = 8080;
