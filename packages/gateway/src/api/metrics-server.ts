import { createServer, type Server } from 'node:http';
import type { Metrics } from '../metrics.js';

/** Prometheus' page, on a listener of its own: it is for the operator's network, not for laptops. */
export function metricsServer(metrics: Metrics): Server {
  return createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}
