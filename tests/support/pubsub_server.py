"""The part of Pub/Sub's service that a subscriber calls, over gRPC, in this process."""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf import empty_pb2
from google.pubsub_v1 import types


class Subscriptions:
    """Messages that wait, and those that are delivered and not acknowledged. `redeliver` makes these wait again."""

    def __init__(self):
        self._lock = threading.Lock()
        self.waiting = {}
        self.delivered = {}
        self.loses_acknowledgements = False
        self._count = 0

    def publish(self, data, **attributes):
        with self._lock:
            self._count += 1
            sent_at = {"seconds": 1_748_779_200 + self._count}
            name = str(1000 + self._count)
            message = types.PubsubMessage(data=data, attributes=attributes, message_id=name, publish_time=sent_at)
            self.waiting[f"ack-{name}"] = message

    def redeliver(self):
        with self._lock:
            self.waiting |= self.delivered
            self.delivered.clear()

    def pull(self, request, context):
        if not request.subscription.endswith("/subscriptions/pages"):
            context.abort(grpc.StatusCode.NOT_FOUND, "Resource not found (resource=missing).")
        with self._lock:
            taken = {key: self.waiting.pop(key) for key in list(self.waiting)[: request.max_messages]}
            self.delivered |= taken
        return types.PullResponse(
            received_messages=[types.ReceivedMessage(ack_id=key, message=message) for key, message in taken.items()]
        )

    def acknowledge(self, request, _context):
        if not self.loses_acknowledgements:
            with self._lock:
                for key in request.ack_ids:
                    self.delivered.pop(key)
        return empty_pb2.Empty()


@contextlib.contextmanager
def pubsub_server() -> Iterator[tuple[str, Subscriptions]]:
    """The address of a server with the subscription `pages`, of any project, and what it holds."""
    held = Subscriptions()
    unary = grpc.unary_unary_rpc_method_handler
    handlers = {
        "Pull": unary(held.pull, types.PullRequest.deserialize, types.PullResponse.serialize),
        "Acknowledge": unary(held.acknowledge, types.AcknowledgeRequest.deserialize, empty_pb2.Empty.SerializeToString),
    }
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("google.pubsub.v1.Subscriber", handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", held
    finally:
        server.stop(None)
