# The page in a container: docker build -t shortcuts . && docker run -p 7860:7860 shortcuts
# See docs/taking-it-home.md.
FROM python:3.12-slim

# uv knows where torch's small CPU build is. That has other hashes than those of the lock file, so
# only its versions hold. Compiled now: who runs the page may write nothing there.
RUN pip install --no-cache-dir uv
COPY requirements.txt requirements.lock /tmp/
RUN uv pip install --system --no-cache --compile-bytecode --torch-backend cpu \
    --constraint /tmp/requirements.lock --no-verify-hashes -r /tmp/requirements.txt

RUN useradd --create-home --uid 1000 visitor
WORKDIR /home/visitor/page
COPY . .
RUN python -m compileall -q app.py train.py resnet ui
USER visitor

EXPOSE 7860
HEALTHCHECK --start-period=60s --timeout=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:7860/health')"]
# exec: the page itself gets the signal to stop. In a Space it is shown in a frame and behind a proxy,
# which names the visitors; Gradio is not told, for it would watch its code for changes there.
CMD ["sh", "-c", "exec env -u SYSTEM ${SPACE_ID:+FORWARDED_ALLOW_IPS=*} \
    python app.py --host 0.0.0.0 ${SPACE_ID:+--embed}"]
