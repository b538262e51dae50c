# Which GPUs and MIG devices there are, and which of them are somebody's: read at the moment of the test.
SMI = "nvidia-smi"
# A GPU that fell off the bus has an error text in its place.
UUID = re.compile("(GPU|MIG)-[A-Za-z0-9/-]+$")
# What an idle GPU holds for its driver is some hundred MiB at most; what nobody is listed for beyond that is the work
# of a process that cannot be seen from here, such as another container's.
IDLE_MIB = 1024
# A context of CUDA takes 200 to 600 MiB, the test's own data 40.
NEEDED_MIB = 768


def inside(tag, text):
    """The text of the first element of this name, "" without one."""
    found = re.search("<%s>(.*?)</%s>" % (tag, tag), text, re.S)
    return found.group(1).strip() if found else ""


def mib(text):
    found = re.match(r"\s*([0-9]{1,9}) MiB", text)
    return int(found.group(1)) if found else None


def memory(text):
    """MiB in use and MiB free of a GPU or a MIG device; None where it does not say."""
    part = inside("fb_memory_usage", text)
    return mib(inside("used", part)), mib(inside("free", part))


def processes(text):
    """Of each process: id, name, kind (C, G, C+G, M+C), MiB, and the MIG instances it is in ("" on a whole GPU)."""
    found = []
    for part in re.findall("<process_info>(.*?)</process_info>", text, re.S):
        place = tuple(inside(tag, part) for tag in ("gpu_instance_id", "compute_instance_id"))
        name = inside("process_name", part)
        found.append((inside("pid", part), name, inside("type", part), mib(inside("used_memory", part)), place))
    return found


def devices(xml, listed):
    """The GPUs of `nvidia-smi -q -x`, and in place of one in MIG mode its devices, with their names of `-L`."""
    found = []
    uuids = slices(listed)
    for index, (slot, whole) in enumerate(re.findall(r'<gpu id="([^"]*)">(.*?)</gpu>', xml, re.S)):
        # What is said of a slice stands before what is said of the GPU, in elements of the same names.
        body = re.sub("<mig_devices>.*?</mig_devices>", "", whole, flags=re.S)
        uuid = inside("uuid", body)
        gpu = {
            "index": index,
            "uuid": uuid if UUID.match(uuid) else "",
            "name": inside("product_name", body),
            "slot": slot.lower()[-12:],
            "mode": inside("compute_mode", body),
            "virtual": inside("virtualization_mode", body),
        }
        users = processes(body)
        if inside("current_mig", body) != "Enabled":
            found.append(dict(gpu, busy=busy(gpu, users, *memory(body)), light=drawing(users)))
            continue
        parts = re.findall("<mig_device>(.*?)</mig_device>", whole, re.S)
        for part in parts:
            number = inside("index", part)
            place = (inside("gpu_instance_id", part), inside("compute_instance_id", part))
            own = [user for user in users if user[4] == place or not user[4][0].isdigit()]
            uuid, profile = uuids.get((index, number), ("", ""))
            row = dict(gpu, uuid=uuid, mig=number, name=(gpu["name"] + " MIG " + (profile or number)).strip())
            found.append(dict(row, busy=busy(gpu, own, *memory(part)), light=False))
        if not parts:
            found.append(dict(gpu, busy="MIG mode is on, and no MIG device is made", light=False))
    return found


def slices(listed):
    """UUID and profile of each MIG device by its GPU's place and its own number, of `nvidia-smi -L`."""
    found, index = {}, -1
    for line in listed.splitlines():
        if line.startswith("GPU "):
            index += 1
        part = re.match(r"\s+MIG (\S+)\s+Device\s+([0-9]+): \(UUID: (MIG-[A-Za-z0-9/-]+)\)", line)
        if part:
            found[(index, part.group(2))] = (part.group(3), part.group(1))
    return found


def busy(gpu, users, used, free):
    """Why a device is left alone, "" where it is free. Display servers and what is drawn on a screen are nobody's
    computation; with them the test is short."""
    working = [user for user in users if "C" in user[2]]
    if working:
        named = [
            "%s (process %s%s)" % (name, pid, ", %d MiB" % size if size else "") for pid, name, _, size, _ in working
        ]
        return "in use by " + ", ".join(named[:4]) + (" and %d more" % (len(named) - 4) if len(named) > 4 else "")
    if gpu["mode"] == "Prohibited":
        return "its compute mode is Prohibited"
    if "host" in gpu["virtual"].lower():
        return "it serves virtual machines (%s)" % gpu["virtual"]
    drawn = sum(size or 0 for _, _, _, size, _ in users)
    if used is not None and used - drawn > IDLE_MIB:
        return "%d MiB of its memory are in use, and by no process that can be seen from here" % (used - drawn)
    if free is not None and free < NEEDED_MIB:
        return "only %d MiB of its memory are free" % free
    return ""


def drawing(users):
    """Whether a screen is drawn by it: its driver ends kernels that take seconds, and its user sees each delay."""
    return any("G" in user[2] for user in users)


def look():
    """The devices, and "" or why they could not be read."""
    code, xml = run([SMI, "-q", "-x"], 40)
    if code is None:
        return [], "nvidia-smi gave no answer within 40 s"
    if code != 0 or "<gpu id=" not in xml:
        return [], "nvidia-smi ended with %d: %s" % (code, short(xml, 3))
    listed = run([SMI, "-L"], 40)[1] if "<mig_device>" in xml else ""
    return devices(xml, listed), ""
