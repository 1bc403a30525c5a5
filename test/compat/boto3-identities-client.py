# What boto3 is asked to do with IAM and STS, for boto3-identities.test.ts: `boto3-identities-client.py ENDPOINT`. A team
# is set up by the root user, and then used by its members. Steps it has done are printed, one a line.
import json
import sys
import time

import boto3
from botocore.exceptions import ClientError

endpoint = sys.argv[1]
iam = boto3.client("iam", endpoint_url=endpoint)
sts = boto3.client("sts", endpoint_url=endpoint)
s3 = boto3.client("s3", endpoint_url=endpoint)
account = sts.get_caller_identity()["Account"]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resources):
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error
    raise AssertionError(f"{code} was expected")


def as_key(key, token=None):
    return boto3.session.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key.get("SecretAccessKey"),
        aws_session_token=token,
        region_name=s3.meta.region_name,
    )


def client(session, service):
    return session.client(service, endpoint_url=endpoint)


def until(call):
    for _ in range(100):
        if call():
            return
        time.sleep(0.1)
    raise AssertionError("it never came true")


def denied(call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"] in ("AccessDenied", "403")
    return False


def team():
    for bucket in ("team", "others"):
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="shared/a", Body=b"a")
    iam.create_user(UserName="ann", Path="/team/", Tags=[{"Key": "team", "Value": "red"}])
    iam.get_waiter("user_exists").wait(UserName="ann")
    iam.create_group(GroupName="Readers")
    iam.add_user_to_group(GroupName="Readers", UserName="ann")
    policy = iam.create_policy(
        PolicyName="ReadTeam",
        PolicyDocument=document(
            allow("s3:ListBucket", "arn:aws:s3:::team"),
            allow("s3:GetObject", "arn:aws:s3:::team/shared/*"),
        ),
    )["Policy"]
    iam.get_waiter("policy_exists").wait(PolicyArn=policy["Arn"])
    iam.attach_group_policy(GroupName="Readers", PolicyArn=policy["Arn"])
    iam.put_user_policy(
        UserName="ann",
        PolicyName="own",
        PolicyDocument=document(allow("s3:*", "arn:aws:s3:::team/home/${aws:username}/*")),
    )
    return iam.create_access_key(UserName="ann")["AccessKey"]


def use(key):
    ann = client(as_key(key), "s3")
    arn = client(as_key(key), "sts").get_caller_identity()["Arn"]
    assert arn == f"arn:aws:iam::{account}:user/team/ann", arn
    assert ann.get_object(Bucket="team", Key="shared/a")["Body"].read() == b"a"
    assert [each["Key"] for each in ann.list_objects_v2(Bucket="team")["Contents"]] == ["shared/a"]
    ann.put_object(Bucket="team", Key="home/ann/x", Body=b"x")
    refused("AccessDenied", ann.put_object, Bucket="team", Key="home/bob/x", Body=b"x")
    refused("AccessDenied", ann.get_object, Bucket="others", Key="shared/a")
    refused("AccessDenied", ann.list_buckets)
    refused("AccessDenied", client(as_key(key), "iam").list_users)


def lists():
    users = [user["UserName"] for page in iam.get_paginator("list_users").paginate() for user in page["Users"]]
    assert users == ["ann"], users
    assert [each["UserName"] for each in iam.get_group(GroupName="Readers")["Users"]] == ["ann"]
    attached = iam.list_attached_group_policies(GroupName="Readers")["AttachedPolicies"]
    assert [each["PolicyName"] for each in attached] == ["ReadTeam"]
    summary = iam.get_account_summary()["SummaryMap"]
    assert summary["Users"] == 1 and summary["Groups"] == 1 and summary["Policies"] == 1, summary
    simulated = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{account}:user/team/ann",
        ActionNames=["s3:GetObject", "s3:DeleteObject"],
        ResourceArns=["arn:aws:s3:::team/shared/a"],
    )["EvaluationResults"]
    assert [each["EvalDecision"] for each in simulated] == ["allowed", "implicitDeny"], simulated


def roles(key):
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:user/team/ann"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "42"}},
    }
    role = iam.create_role(RoleName="Writer", AssumeRolePolicyDocument=document(trust))["Role"]
    iam.get_waiter("role_exists").wait(RoleName="Writer")
    iam.put_role_policy(
        RoleName="Writer", PolicyName="p", PolicyDocument=document(allow("s3:*", "arn:aws:s3:::others*"))
    )
    ann = client(as_key(key), "sts")
    named = {"RoleArn": role["Arn"], "RoleSessionName": "boto"}
    refused("AccessDenied", ann.assume_role, **named)
    session = ann.assume_role(ExternalId="42", **named)
    assert session["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/Writer/boto"
    writer = as_key(session["Credentials"], session["Credentials"]["SessionToken"])
    client(writer, "s3").put_object(Bucket="others", Key="by-role", Body=b"r")
    refused("AccessDenied", client(writer, "s3").get_object, Bucket="team", Key="shared/a")
    narrow = ann.assume_role(
        ExternalId="42", Policy=document(allow("s3:GetObject", "*")), DurationSeconds=900, **named
    )["Credentials"]
    narrowed = client(as_key(narrow, narrow["SessionToken"]), "s3")
    assert narrowed.get_object(Bucket="others", Key="by-role")["Body"].read() == b"r"
    refused("AccessDenied", narrowed.put_object, Bucket="others", Key="no", Body=b"")


def ends(key):
    ann = client(as_key(key), "s3")
    refused("DeleteConflict", iam.delete_user, UserName="ann")
    iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")

    def closed():
        try:
            ann.get_object(Bucket="team", Key="shared/a")
        except ClientError as error:
            return error.response["Error"]["Code"] == "InvalidAccessKeyId"
        return False

    until(closed)
    iam.delete_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="ann", PolicyName="own")
    iam.remove_user_from_group(GroupName="Readers", UserName="ann")
    iam.delete_user(UserName="ann")
    refused("NoSuchEntity", iam.get_user, UserName="ann")
    arn = f"arn:aws:iam::{account}:policy/ReadTeam"
    refused("DeleteConflict", iam.delete_policy, PolicyArn=arn)
    iam.detach_group_policy(GroupName="Readers", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    iam.delete_group(GroupName="Readers")
    iam.delete_role_policy(RoleName="Writer", PolicyName="p")
    iam.delete_role(RoleName="Writer")
    assert iam.list_roles()["Roles"] == []


key = team()
print("team")
use(key)
print("use")
lists()
print("lists")
roles(key)
print("roles")
ends(key)
print("ends")
