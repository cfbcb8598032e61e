"""The original's API: one message a request, sent and never awaited. Arguments: broker, topic, port."""
import json
import sys

from flask import Flask, request
from kafka import KafkaProducer

broker, topic, port = sys.argv[1:]
app = Flask(__name__)
producer = KafkaProducer(bootstrap_servers=broker)


@app.route("/<path>")
def collect(path):
    event = {"event_type": path}
    event.update(request.args)
    event.update(request.headers)
    event["remote_addr"] = request.remote_addr
    producer.send(topic, json.dumps(event).encode())
    return "Event: " + json.dumps(request.args) + "\n"


app.run(host="127.0.0.1", port=int(port), threaded=True)
