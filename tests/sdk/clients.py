"""Runware's and RunPod's official Python clients, unmodified, against `rushes sandbox --listen`.

    python clients.py ORIGIN KEY        for example http://127.0.0.1:4711 secret
"""

import asyncio
import base64
import struct
import sys
import urllib.request

ORIGIN, KEY = sys.argv[1:3]
checks = 0


def check(holds, what):
    global checks
    if not holds:
        sys.exit(f"not so: {what}")
    checks += 1


def image(width, height):
    """As much of a PNG as says its size."""
    header = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", width, height, 8, 2, 0, 0, 0, 0)
    return header


def data_uri(image):
    return "data:image/png;base64," + base64.b64encode(image).decode()


def is_a_clip(url):
    return urllib.request.urlopen(url).read(12)[4:8] == b"ftyp"


async def runware():
    from runware import Runware, RunwareError

    def client(key=KEY):
        return Runware(api_key=key, transport="rest", http_base_url=f"{ORIGIN}/v1")

    text = {"taskType": "videoInference", "model": "bytedance:2@1", "positivePrompt": "a paper boat",
            "width": 864, "height": 480, "duration": 1.2, "includeCost": True}
    async with client() as one:
        clips = await one.run({**text, "numberResults": 2})
        check(len(clips) == 2 and all(is_a_clip(clip["videoURL"]) for clip in clips), "two clips")
        check(all(clip["cost"] > 0 for clip in clips), "clips that say their cost")

        frames = [{"image": "https://example.com/boat.png", "frame": "first"}]
        clips = await one.run({**text, "inputs": {"frameImages": frames}})
        check(is_a_clip(clips[0]["videoURL"]), "a clip from an image")

        stored = (await one.media_storage({"operation": "upload", "media": data_uri(image(800, 600))}))[0]
        check(urllib.request.urlopen(stored["mediaURL"]).read() == image(800, 600), "an upload")
        older = (await one.image_upload({"image": data_uri(image(400, 300))}))[0]
        check(older["imageURL"].startswith(ORIGIN), "an upload by the older task")
        frames = [{"image": stored["mediaUUID"], "frame": "first"}, {"image": older["imageUUID"], "frame": "last"}]
        clips = await one.run({**text, "inputs": {"frameImages": frames}})
        check(is_a_clip(clips[0]["videoURL"]), "a clip between two stored images")
        frames = [{"image": data_uri(image(800, 600)), "frame": "first"}]
        clips = await one.run({**text, "inputs": {"frameImages": frames}})
        check(is_a_clip(clips[0]["videoURL"]), "a clip from an image that is sent along")
        gone = (await one.media_storage({"operation": "delete", "media": stored["mediaUUID"]}))[0]
        check(gone["mediaUUID"] == stored["mediaUUID"], "a deleted upload")

        model = {"taskType": "videoInference", "model": "bytedance:seedance@1.5-pro"}
        drafted = await one.run({
            **model, "positivePrompt": "a paper boat", "width": 864, "height": 496, "duration": 4,
            "providerSettings": {"bytedance": {"draft": True}}})
        draft_id = drafted[0]["outputs"]["draftId"]
        check(draft_id.startswith("cgt-"), "a draft that can be promoted")
        finals = await one.run({
            **model, "positivePrompt": "a paper boat", "inputs": {"draftId": draft_id},
            "resolution": "720p"})
        check(finals[0]["seed"] == drafted[0]["seed"] and is_a_clip(finals[0]["videoURL"]), "its final")

        details = await one.get_task_details({"taskUUID": finals[0]["taskUUID"]})
        check("videoURL" in str(details), "a task that is read back")
        account = await one.account_management({"operation": "getDetails"})
        check("balance" in str(account), "an account with a balance")

        for what, change in [
            ("a refused setting", {"width": 865}),
            ("a deleted image", {"inputs": {"frameImages": [{"image": stored["mediaUUID"]}]}}),
            ("an unknown model", {"model": "bytedance:2@9"}),
            ("an empty account", {"positivePrompt": "a paper boat sandbox:insufficient-credits"}),
            ("a failed job", {"positivePrompt": "a paper boat sandbox:moderation"}),
        ]:
            try:
                await one.run({**text, **change})
                check(False, what)
            except RunwareError as error:
                check(str(error) != "", what)
    async with client("wrong") as one:
        try:
            await one.run(text)
            check(False, "a wrong key")
        except RunwareError as error:
            check("key" in str(error).lower(), f"a wrong key, said so: {error}")


def runpod():
    import requests
    import runpod as sdk

    sdk.endpoint_url_base = f"{ORIGIN}/v2"
    sdk.api_key = KEY
    endpoint = sdk.Endpoint("seedance-1-0-pro")
    text = {"prompt": "a paper boat", "duration": 5, "fps": 24, "size": "864x480", "image": ""}

    job = endpoint.run(text)
    check(job.status() in ("IN_QUEUE", "IN_PROGRESS"), "a job that begins")
    output = job.output(timeout=120)
    check(job.status() == "COMPLETED" and is_a_clip(output["video_url"]), "a job that ends with a clip")
    check(output["cost"] == 0.13, "a clip that says its cost, rounded up as in the page's example")
    check(is_a_clip(endpoint.run_sync({"input": text})["video_url"]), "a job that is waited for")

    image = endpoint.run_sync({**text, "image": "https://example.com/boat.png"}, timeout=120)
    check(is_a_clip(image["video_url"]), "a clip from an image")

    slow = endpoint.run({**text, "prompt": "a paper boat sandbox:slow"})
    check(slow.cancel()["status"] == "CANCELLED" and slow.status() == "CANCELLED", "a job that stops")
    failed = endpoint.run({**text, "prompt": "a paper boat sandbox:moderation"})
    check(failed.output(timeout=120) is None and failed.status() == "FAILED", "a failed job")
    check(endpoint.health()["jobs"]["completed"] >= 3, "health that counts jobs")
    check(endpoint.run_sync({**text, "prompt": "sandbox:timeout"}, timeout=120) is None, "a job that times out")
    try:
        sdk.Endpoint("seedance-9").run(text)
        check(False, "an endpoint that is gone")
    except requests.HTTPError as error:
        check(error.response.status_code == 404, "an endpoint that is gone")
    try:
        endpoint.run({**text, "size": "1280*720"})
        check(False, "a refused setting")
    except requests.HTTPError as error:
        check(error.response.json()["status"] == "FAILED", "a refused setting")
    try:
        sdk.Endpoint("seedance-1-0-pro", api_key="wrong").run(text)
        check(False, "a wrong key")
    except RuntimeError:
        check(True, "a wrong key")


asyncio.run(runware())
runpod()
print(f"{checks} checks of Runware's and RunPod's Python clients")
