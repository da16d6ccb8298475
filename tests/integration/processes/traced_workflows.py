"""The order whose trace is tested, and the workflow that it runs as a child."""

from designer.builder import WorkflowBuilder

price = WorkflowBuilder("traced_price").add_step("look_up", "reserve", compensation="release").build()

order = (
    WorkflowBuilder("traced_order")
    .add_step("reserve", "reserve", compensation="release")
    .workflow("price", "traced_price", input={})
    .add_step("charge", "charge", compensation="refund")
    .add_step(
        "tell",
        "http_request",
        compensation="none",
        params={"method": "POST", "url": "=context.notes", "json": {"card": "=context.card"}},
    )
    .add_step("ship", "ship", compensation="none")
    .build()
)
