/** Builds frames for tests: numbered from 1, a second apart. */
import type { Frame } from "../src/run/model/frame";

type Rest = Partial<Omit<Frame, "seq" | "type" | "step">>;

export class Journal {
  readonly frames: Frame[] = [];

  add(type: string, step = "", rest: Rest = {}): this {
    const seq = this.frames.length + 1;
    const at = new Date(Date.UTC(2026, 10, 22, 20, 0, seq)).toISOString();
    this.frames.push({ seq, type, step, attempt: 0, at, status: "running", data: {}, ...rest });
    return this;
  }

  run(step: string): this {
    return this.add("step.queued", step).add("step.started", step, { attempt: 1 }).add("step.completed", step, { attempt: 1 });
  }

  undo(step: string): this {
    const status = "compensating";
    return this.add("compensation.started", step, { attempt: 1, status }).add("compensation.completed", step, {
      status, data: { undo: "compensated" },
    });
  }
}

/** An order whose shipment fails: charge and reservation are undone, newest first. */
export function undoneOrder(): Frame[] {
  return new Journal()
    .add("run.created", "", { status: "pending", data: { total: 3 } })
    .add("run.started")
    .run("reserve_inventory")
    .run("charge_payment")
    .add("step.queued", "create_shipment")
    .add("step.started", "create_shipment", { attempt: 1 })
    .add("step.failed", "create_shipment", { attempt: 1, data: { error: { code: "exception", message: "no carrier" } } })
    .add("run.compensating", "", {
      status: "compensating",
      data: {
        reason: "failure", plan: ["charge_payment", "reserve_inventory"],
        error: { code: "exception", message: "no carrier", step: "create_shipment" },
      },
    })
    .undo("charge_payment")
    .undo("reserve_inventory")
    .add("run.compensated", "", { status: "compensated", data: { undone: 2, left: 0 } })
    .frames;
}

export const ORDER = ["reserve_inventory", "charge_payment", "create_shipment"];
