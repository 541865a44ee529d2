import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** What /metrics tells. No label holds a person or a statement. */
export class Metrics {
  readonly registry = new Registry();
  readonly uplinks = this.#gauge('hoop_uplinks', 'TLS connections of laptops that are open');
  readonly flows = this.#gauge('hoop_flows', 'Flows that run');
  readonly sessions = this.#counter('hoop_sessions_total', 'Sessions that ended', ['connection', 'end']);
  readonly refused = this.#counter('hoop_refused_total', 'Uplinks, flows and logins that were refused', ['code']);
  readonly ruled = this.#counter('hoop_ruled_total', 'Statements that a guardrail held for', ['rule', 'then']);
  readonly bytes = this.#counter('hoop_bytes_total', 'Bytes of ended sessions', ['direction']);
  readonly certificates = this.#counter('hoop_certificates_total', 'Client certificates issued', []);
  readonly recordFailures = this.#counter('hoop_record_failures_total', 'Times the record began to fail', []);

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.registry] });
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
}
