

node_modules: package.json package-lock.json .venv/dev
	$(BIN)/npm ci
	touch $@
