-- The health of an Application for the Application above it, whose sync waits wave by wave until all are healthy.
-- While it waits it takes up no newer commit. So Progressing is only what goes on by itself: what needs somebody is
-- Degraded, which ends the sync, and the next one tries again.
local metadata, spec, status = obj.metadata or {}, obj.spec or {}, obj.status or {}
local annotations = metadata.annotations or {}
local sync, operation = status.sync or {}, status.operationState or {}

local function verdict(health, message)
  return { status = health, message = message }
end

-- Argo CD leaves out what is empty.
local function empty(value)
  if type(value) ~= "table" then
    return value == nil or value == false or value == ""
  end
  for _, part in pairs(value) do
    if not empty(part) then
      return false
    end
  end
  return true
end

local function same(one, other)
  if empty(one) or empty(other) then
    return empty(one) and empty(other)
  end
  if type(one) ~= "table" or type(other) ~= "table" then
    return one == other
  end
  for key, part in pairs(one) do
    if not same(part, other[key]) then
      return false
    end
  end
  for key, part in pairs(other) do
    if one[key] == nil and not empty(part) then
      return false
    end
  end
  return true
end

-- Whether sources of the status are those that the spec asks for.
local function of_spec(sources)
  if spec.sourceHydrator ~= nil then
    return true
  end
  if not empty(spec.sources) then
    return same(spec.sources, sources.sources)
  end
  return same(spec.source, sources.source)
end

if annotations["argocd.argoproj.io/skip-reconcile"] == "true" then
  return verdict("Degraded", "paused")
end

local errors = {
  ComparisonError = true, DeletionError = true, InvalidSpecError = true, SyncError = true, UnknownError = true,
}
for _, condition in ipairs(status.conditions or {}) do
  if errors[condition.type] then
    return verdict("Degraded", condition.message)
  end
end

local running = operation.phase == "Running" or operation.phase == "Terminating"
if running and (operation.retryCount or 0) > 0 then
  return verdict("Degraded", operation.message)
end
if running or obj.operation ~= nil then
  return verdict("Progressing", "it is being synced")
end

-- The rest of the status is of what the spec was when it was last compared.
local compared = sync.comparedTo
if compared == nil or not of_spec(compared) or not same(spec.destination, compared.destination) then
  return verdict("Progressing", "what it asks for is not compared with the cluster yet")
end

-- A sync by itself comes after the comparison; what is healthy until then is the old state.
local automated = (spec.syncPolicy or {}).automated
if sync.status == "OutOfSync" and automated ~= nil and automated.enabled ~= false then
  -- Without prune, nothing is synced where all that is wrong is what should be gone.
  local expected = automated.prune == true
  for _, resource in ipairs(status.resources or {}) do
    expected = expected or (resource.status ~= "Synced" and not resource.requiresPruning)
  end
  -- With paths that matter, a commit that changes nothing there is not synced.
  local any_revision = annotations["argocd.argoproj.io/manifest-generate-paths"] ~= nil
  local result = operation.syncResult
  local done = result ~= nil and of_spec(result)
    and (any_revision or (same(result.revision, sync.revision) and same(result.revisions, sync.revisions)))
  if expected and not done then
    return verdict("Progressing", "its sync is about to begin")
  end
  if expected and operation.phase ~= "Succeeded" then
    return verdict("Degraded", operation.message)
  end
end

-- Times are texts of one form, which order as the times do.
if operation.finishedAt ~= nil and status.reconciledAt ~= nil and status.reconciledAt < operation.finishedAt then
  return verdict("Progressing", "its last sync is not looked at yet")
end

local health = status.health or {}
if health.status == "Healthy" or health.status == "Progressing" then
  return verdict(health.status, health.message)
end
if health.status == nil then
  return verdict("Progressing", "its health is not known yet")
end
return verdict("Degraded", health.message or ("its objects are " .. health.status))
