"""MQTT tools: one message to a broker, acknowledged (QoS 1), from a thread of its own."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace

from edge.agent.settings import MqttSetting
from edge.agent.tools import template
from edge.agent.tools.template import Template
from edge.agent.values import Ended, Limits, Outcome
from tidegate.chat import JSON
from tidegate.errors import BadConfig

CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class MqttHand:
    setting: MqttSetting
    host: str
    port: int
    topic: Template
    payload: Template | None
    limits: Limits

    async def act(self, arguments: dict[str, JSON], key: str) -> Outcome:
        topic = template.topic(self.topic, arguments)
        payload = (
            template.text(self.payload, arguments)
            if self.payload is not None
            else json.dumps(arguments, ensure_ascii=False)
        )
        clock = asyncio.get_running_loop()
        began = clock.time()
        try:
            async with asyncio.timeout(self.limits.seconds):
                outcome = await asyncio.to_thread(self._publish, topic, payload)
        except TimeoutError:
            outcome = Outcome(Ended.TIMED_OUT, note=f"after {self.limits.seconds:g} s")
        return replace(outcome, seconds=clock.time() - began)

    def _publish(self, topic: str, payload: str) -> Outcome:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect_timeout = min(CONNECT_S, self.limits.seconds)
        try:
            client.connect(self.host, self.port, keepalive=30)
        except OSError as error:
            return Outcome(Ended.UNREACHABLE, note=type(error).__name__)
        client.loop_start()
        try:
            message = client.publish(topic, payload, qos=1, retain=self.setting.retain)
            if message.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
                return Outcome(Ended.FAILED, note="the message was not taken")
            message.wait_for_publish(self.limits.seconds)
            if not message.is_published():
                return Outcome(Ended.TIMED_OUT, note="the broker did not acknowledge it")
            return Outcome(Ended.OK, "published")
        except (RuntimeError, ValueError):
            return Outcome(Ended.FAILED, note="the message was not taken")
        finally:
            client.disconnect()
            client.loop_stop()


def address(broker: str, where: str) -> tuple[str, int]:
    """Host and port. Raises BadConfig."""
    host, _, port = broker.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise BadConfig(f"{where}: broker: not host:port", code="bad_tool_broker")
    return host.strip("[]"), int(port)
