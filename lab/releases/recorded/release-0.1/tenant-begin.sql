SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.causeway_end_sessions() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        begin
          new.session_epoch := old.session_epoch + 1;
          return new;
        end $$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.agents (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    jwk jsonb NOT NULL,
    signing_key jsonb,
    enrolled_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone,
    forests jsonb DEFAULT '[]'::jsonb NOT NULL,
    accepts jsonb,
    CONSTRAINT agents_kind_check CHECK ((kind = ANY (ARRAY['connect'::text, 'domain'::text])))
);
CREATE TABLE public.applications (
    tenant_id uuid NOT NULL,
    client_id text NOT NULL,
    name text NOT NULL,
    redirect_uris jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    secret_digest text,
    post_logout_redirect_uris jsonb DEFAULT '[]'::jsonb NOT NULL
);
CREATE TABLE public.causeway_migrations (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.change_counters (
    tenant_id uuid NOT NULL,
    value bigint NOT NULL
);
CREATE TABLE public.connect_statuses (
    tenant_id uuid NOT NULL,
    forest text NOT NULL,
    agent_id uuid NOT NULL,
    agent_name text NOT NULL,
    reported_at timestamp with time zone NOT NULL,
    last_object_cycle_at timestamp with time zone,
    last_password_cycle_at timestamp with time zone,
    queued bigint NOT NULL,
    owed bigint NOT NULL,
    quarantined bigint NOT NULL
);
CREATE TABLE public.encapsulations (
    tenant_id uuid NOT NULL,
    id bigint NOT NULL,
    encapsulation text NOT NULL
);
CREATE TABLE public.enrolments (
    tenant_id uuid NOT NULL,
    code_digest text NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    forests jsonb DEFAULT '[]'::jsonb NOT NULL,
    replaces jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT enrolments_kind_check CHECK ((kind = ANY (ARRAY['connect'::text, 'domain'::text])))
);
CREATE TABLE public.group_members (
    tenant_id uuid NOT NULL,
    group_name text NOT NULL,
    user_id uuid NOT NULL,
    added_at timestamp with time zone NOT NULL
);
CREATE TABLE public.managed_domains (
    tenant_id uuid NOT NULL,
    realm text NOT NULL,
    netbios_domain text NOT NULL,
    key jsonb NOT NULL,
    agent_id uuid NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    receipt_key jsonb NOT NULL,
    confirmed_fingerprint text,
    confirmed_at timestamp with time zone,
    confirmed_by uuid
);
CREATE TABLE public.oidc_payloads (
    tenant_id uuid NOT NULL,
    model text NOT NULL,
    id_digest text NOT NULL,
    payload jsonb NOT NULL,
    client_id text,
    grant_id text,
    uid text,
    expires_at timestamp with time zone
);
CREATE TABLE public.reserved_names (
    tenant_id uuid NOT NULL,
    name_key text NOT NULL,
    forest text NOT NULL,
    until timestamp with time zone NOT NULL
);
CREATE TABLE public.seen_names (
    tenant_id uuid NOT NULL,
    name_key text NOT NULL,
    here uuid NOT NULL,
    there uuid NOT NULL,
    seen_at timestamp with time zone NOT NULL
);
CREATE TABLE public.sign_in_failures (
    tenant_id uuid NOT NULL,
    account_key text NOT NULL,
    source text NOT NULL,
    failures integer NOT NULL,
    wrong jsonb NOT NULL,
    locks integer NOT NULL,
    locked_until timestamp with time zone,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.signing_keys (
    tenant_id uuid NOT NULL,
    private_key text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.statements (
    tenant_id uuid NOT NULL,
    forest text NOT NULL,
    kind text NOT NULL,
    statement text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT statements_kind_check CHECK ((kind = ANY (ARRAY['head'::text, 'receipt'::text])))
);
CREATE TABLE public.tenants (
    id uuid NOT NULL,
    name text NOT NULL,
    keys jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.tokens (
    tenant_id uuid NOT NULL,
    digest text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL
);
CREATE TABLE public.users (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    origin text NOT NULL,
    forest text,
    source_anchor text,
    object_guid uuid,
    user_principal_name text NOT NULL,
    upn_key text NOT NULL,
    sam_account_name text,
    security_identifier text,
    account_enabled boolean NOT NULL,
    account_expires timestamp with time zone,
    profile jsonb NOT NULL,
    administrator boolean NOT NULL,
    account_sequence bigint,
    account_record text,
    account_received_at timestamp with time zone,
    cloud_credential text,
    credential_change_date timestamp with time zone,
    credential_received_at timestamp with time zone,
    order_version bigint,
    order_time bigint,
    order_invocation_id uuid,
    credential_sequence bigint,
    credential_record text,
    credential_record_received_at timestamp with time zone,
    changed_seq bigint,
    created_at timestamp with time zone NOT NULL,
    deleted_at timestamp with time zone,
    legacy_sequence bigint,
    legacy_outcome text,
    legacy_reason text,
    legacy_reported_at timestamp with time zone,
    legacy_applied_at timestamp with time zone,
    account_outcome text,
    account_reason text,
    mail_nickname text,
    must_change boolean DEFAULT false NOT NULL,
    news_seq bigint,
    encapsulation_id bigint,
    sign_in_name text,
    wanted_key text,
    wanted_since bigint DEFAULT 0 NOT NULL,
    name_problem text,
    password_sequence bigint,
    session_epoch bigint DEFAULT 0 NOT NULL,
    blocked_at timestamp with time zone,
    CONSTRAINT users_check CHECK (((origin = 'synchronized'::text) = ((source_anchor IS NOT NULL) AND (forest IS NOT NULL)))),
    CONSTRAINT users_origin_check CHECK ((origin = ANY (ARRAY['synchronized'::text, 'cloud'::text])))
);
ALTER TABLE ONLY public.users ALTER COLUMN account_record SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.users ALTER COLUMN credential_record SET STORAGE EXTERNAL;
INSERT INTO public.agents VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', '38544fb6-a87a-451d-8b7f-58ffe66e4f88', 'connect', 'connect', '0.1.0', '{"x": "WUBw-H2Dy4PXYUyZFAEUD2NaykHUv3OYcM44AXF-vl8", "y": "LAZNrJlx8HM64bpeQwVNEcDZ16KQXXAgRsXykBB5qWQ", "crv": "P-256", "kty": "EC"}', '{"keyId": "NIPXC7HQPBOUYAF3", "publicKey": "X82d-hDwXPzEatFq8kqV5HPzePxsrBFIPEWxlGKAInA", "fingerprint": "NIPX-C7HQ-PBOU-YAF3-DMOE-OCVO-OZ33-XTNP-B34P-UAUK-A3O3-NI73-WJ7Q"}', '2026-11-28 18:45:25.486+00', '2026-11-28 18:45:25.582+00', '["recorded.example.com"]', '["account-3", "withdrawal-1"]'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'c3ad7413-bd2a-4e59-a30b-46051dad63bc', 'domain', 'domain', '0.1.0', '{"x": "5gBouu6F2piAyKF6rCv3LeSwAmh_HBHzkAe23rpTiEg", "y": "CZ0pAr14xuICSzTIwQhLQyUGUP8rixCzF8g7PNquNbI", "crv": "P-256", "kty": "EC"}', NULL, '2026-11-28 18:45:37.474+00', '2026-11-28 18:45:37.55+00', '[]', '["account-3", "withdrawal-1"]');
INSERT INTO public.causeway_migrations VALUES
	(1, 'first cut', '2026-11-28 18:45:22.340925+00'),
	(2, 'the forests of a Connect', '2026-11-28 18:45:22.340925+00'),
	(3, 'cloud-only users, group members', '2026-11-28 18:45:22.340925+00'),
	(4, 'heads and receipts', '2026-11-28 18:45:22.340925+00'),
	(5, 'what is new goes before what is sent again', '2026-11-28 18:45:22.340925+00'),
	(6, 'the encapsulation of a batch is stored once', '2026-11-28 18:45:22.340925+00'),
	(7, 'state before names', '2026-11-28 18:45:22.340925+00'),
	(8, 'withdrawals', '2026-11-28 18:45:22.340925+00'),
	(9, 'names that are two users in two places, as an administrator has seen', '2026-11-28 18:45:22.340925+00'),
	(10, 'sessions that end for good, blocks, and what administrators can list and revoke', '2026-11-28 18:45:22.340925+00'),
	(11, 'keys of the managed domain that an administrator confirmed', '2026-11-28 18:45:22.340925+00'),
	(12, 'a synchronized user is forest and anchor', '2026-11-28 18:45:22.340925+00'),
	(13, 'whose place an agent may take that enrols', '2026-11-28 18:45:22.340925+00');
INSERT INTO public.change_counters VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 4);
INSERT INTO public.connect_statuses VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'recorded.example.com', '38544fb6-a87a-451d-8b7f-58ffe66e4f88', 'connect', '2026-11-28 18:45:25.586+00', NULL, NULL, 0, 0, 0);
INSERT INTO public.encapsulations VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 4, '61TD_GtBTlExppO7xenD5S3aOwDouYLno_t9XpYOqfJ5_Oc7--9wSzEpLcRk5aUzbE2NUI9ikzTq4_pjH8-nvI2nExYm0_ts850P6M0blhWEJxIPieAoAmpxXMU7eV3Q9qw_PwDX1odBFv591ePSeOKSVOgqFoXqB3vPNLXrhKvQ_rsQ_vXtFZJTxQcEBp4fLzCeFWFKyOyqcwqf2y9FJr9yg91FlS3Ke77aNP2nkTDqm8_7AFk__VVk73GvdQ4AorHRN6zZEno0dv64qMNR4vBkkinAHwzofstzC3TiS7cJNNGSoNJ_TsEsGqAaZmx2pk_XSYXqH0g3Wzh6POK0boYVd7AE_q1Tu8J50N9BbUHcTxDmR1RYR5yNJyLlq6Yj1vg0EYudA5crfrB14gEn26EmCsGrUeNRAYTc9zL7lNNyRvBTucjhxw20mBy92n8xYK_bn2x1Ez9HYnylbKcEFXcdawFEaF_dcsPcXsyBTI41n03d4XUXuFum84PibkU9bfeRsgioss9hUCbPbi35V2XcyQ8io6eqzcs-pzJn3mYJnbeXgR21t8Rio7M9RZyfN67xirb4koBhUBjDfftZEUO-h9G3ThZRHbvr0Y7dL5S_eXzx-Lq6M4TgCzlQaFiyyQXtakY6fM2es-13VC85DttsX3rGW3AVrEczCBYR6F7aWS1446IG-1hr72x_Q4N5zFhV9yOxCdkOhU8_G2qiBaPONIf8AyaKah2_Hy_J0Y1evL3Bt2cCSbgUAMToqyLUnx8MlILsNfdZhn2gKzQnAxfhY6IyrQKH6jlmsyCqa_AUjBoYTwk3rzRKMCgLGRFVMO3DbO_32IffRDUDVTuSnUeHzCpiACquuMure8TzSOzCwzxkRsTtekO9zkzildw75Xd852S-Q9Av-0yTVehEYKp9GUXl3KaPkcnE2atnmP9rLyLd8sjA2JzoETo3j00IU5UsEm64jnnp-VcLtJ6Aif3H4LJUXiroEI6zKjzBb7F8L5AA_4iKAoN1EpHshaa8v3-zz61dGk3CQYgQFdzYkITVX-dt4I_mRsjJHuEYisD05P3wyy8VzeZBgXWX24l3n1zbCXAU1OzjRbQJOhqrQx83x6Ssjt7bKibwuRmJLQjPFJ9V6rn39LmxrqbcTu4JQqfiuogci51KHcoCcqMjIBkMhPmvH8I9m_bkUOjwPhe9EjqLFHfnsP2DvRMgtzFxSEsooDoE5YCQ0VMhgFCvTGTNgUzux_VTizHFZpbhNm3fwVniPyD_nyxwcTia-iJoLBO20OgqA39y7XoPF7b956Xx5IkOR2USAImI0kc7acXQqvwBSBbwWlIZAZbhC4GciFtwgdkMj1BLL3a6t9L6UNAbjbEb2ndvLJA6BSbCyT6vt78yte9OMsj_7nYA2y47kjtKlnOojnpZUpyJa90EnsdhxaoLn23vyP2WRqKUWFclZP9tXt3zOf4sDs6hwF49NLjAgwhNokzb4rzGjoeWIg');
INSERT INTO public.group_members VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'AAD DC Administrators', '19a8bb12-0300-4eff-b3e0-c2ab581db2f2', '2026-11-28 18:45:26.24+00');
INSERT INTO public.managed_domains VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'AADDS.EXAMPLE.NET', 'AADDS', '{"keyId": "KMI4STMPZHGNUSVJ", "publicKey": "rPQo-RBOnDJpb8mDMeQwu9oFRqO-xsrG03GD00WlgLFDyBDAYVMupEy8VvkAvwakPjorVqa_J4oFypbFEVyu4rvOrHRqbnWLIOUDRWhHD0VizvY-IToRnTUHSTArZ0e4SQTM1Aab3KFQicpKKQbQ-gk88FAliTo6wVWvHbd_gzUpA9dZu_I7OCprb6W2VYFEOuyJjfK94uYSS5qvrySCFEKtYsoBMAk273E81fdkAUc9HBB9UEKbJvAdqtop05J3fNud83PA6HbPxalkqpdyE1eJqqtt3ROENEIBbfXJ5nNXxSk4TvqGVlJLthSbjok9GYKT83Q8uBi0Zkk3PxIxiErGC_V5muSJlyWxU2Fhjex8DpymvvnBo4Y2JxZfaCBMnwtXyNdrFtK4-JZ2cvpCD0pQaOmAELtxuxyzFRWiSDTH30stTGcW7VhEmPEV3sQmc0GSBSsAHoCGIwZtUMOuYdPNvGmNCXa60xkQeSEavYUJNCFY-GUc89k9mxSabkd78_grZCZCqfxalltWP4dW5FmnR5jAYkF-Lsw5JtUwUSFrpbObcDxYZKkb3LLOshxEV8Qbb4nCtMIYVOfCb3eflDRZRsnP7bYGvxGm2OY8WiESc9M8i3Z179cC4ccwhnInK0jABtirQ0RC7Hxq-FQMifC3I1MilJeYl-SrjWe2SlNcfrGRBzcp9AUdl3Q6I-SNIJKn47gzFiV1j0YH72p1WLFS2cF6dvgMT9O-TKkjVshBwdypfaaxnTiAgpPJR_FdZDseV2fNVhl1xwJTmdDMASxS9lMeguU1b3VMr7RM6HVZQVZAzGCDJExcjWGXniakyWEJxbEXRzWSruyQ9DYyPFhPCvK29dNJTqqnjMaFdjq5bTNSriM1_dIC8VV8E8xbGaFSNTtY78ROuDtN02y4jrR0AEU_KFa9rLFVa0EmW1fI1aU3pcrOp0pEU_FRGZgRhpy9qEm0cEOlgIOBsQcQr7tT7oGA0aGA9LcJOrMscfTDPEnC3YyxdNUJTtALSWN22oq1BHNqj0cM5wbQsEh8wmmA6TiqiWl90MJSbsZjiWdoyABssYOgJgN9UFnNaFOorAOyDCynG8cBggVg8zK0ddoMl5yayoYtNaVVf4EsphORZ1VSexSSvGa5xdy2vOOxnukznPZG8jYwmLJqfiKv55jDszzGjLkq96lxFksYzOmmIcFkZwUnSBPIqruTeNxd7YsLkYAzrmx9ihCgGMu_zyrN9KyBr5gyu-yR_muH2-G884MkspsOD0UQAdYS9WAavezAetwQA2nO1wcuVrlwnaxU4jJsKoMiUmgm9ochJjgGT1xLLKa_aukhceNf1XIIMeUtJEK5BzK2buOnLVjDXsi8lBNgVHSVd-YbNMOPv1ErP_i-0BWBCyQrcEmwzhaDHyPCDgeyd4k7TkA_0AvBgWWVAGQc85NhLqBxMlMGIqEg3BVbXMRr-CYd3GZrr_iS1kOCjpgH25MWb8K0Y7V9FigKRmOXcbJ0VXBEtLyFLOeuouJuzHcYw3xPFTOI_-w-DpepNDH7OGxzZGfrhZAPdox-pMDUC0ASRMNZBDxirO_8TqpoxW5-jQETs4sQKNHoyS1U9qoX5WO8N9I-XElwaQ", "fingerprint": "KMI4-STMP-ZHGN-USVJ-P2SI-5FL6-FZWB-SHBV-K5A2-MXDM-LLXD-B7JE-JB4Q"}', 'c3ad7413-bd2a-4e59-a30b-46051dad63bc', '2026-11-28 18:45:37.564+00', '{"keyId": "QTRNPC3JZTKJ5YJR", "publicKey": "oA_YA08jVx2e4V1zrrDXxc8-zmze3F_RgHm4iX9_a8A", "fingerprint": "QTRN-PC3J-ZTKJ-5YJR-KZK2-2O3A-DRN4-NYEH-ANQ7-DYTN-QOCA-Q3A7-UIKA"}', 'T5HI-U3TO-BPCR-XK5R-3RMO-WHG5-OA7I-HX7P-HP5L-D4OL-LHM5-YDUN-ISAQ', '2026-11-28 18:45:41.161+00', '19a8bb12-0300-4eff-b3e0-c2ab581db2f2');
INSERT INTO public.oidc_payloads VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ReplayDetection', '26bc24255e7c50f63a0ad7a8b1cd7aaadebe6d8f885d98e3037b4744a22938f3', '{"exp": 1795891600, "iat": 1795891525, "iss": "38544fb6-a87a-451d-8b7f-58ffe66e4f88", "kind": "ReplayDetection"}', NULL, NULL, NULL, '2026-11-28 18:46:40.551+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ClientCredentials', '916744c045d5ff13f3d0d2ec39037169c16a99408e1e96e70236c176e670beee', '{"exp": 1795892125, "iat": 1795891525, "kind": "ClientCredentials", "scope": "agent", "clientId": "38544fb6-a87a-451d-8b7f-58ffe66e4f88"}', '38544fb6-a87a-451d-8b7f-58ffe66e4f88', NULL, NULL, '2026-11-28 18:55:25.556+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ReplayDetection', '9b4090b9dc456ba4f4ad653f31d7b25af6d7e44598d04f90ad88083e13f49a1a', '{"exp": 1795891612, "iat": 1795891537, "iss": "c3ad7413-bd2a-4e59-a30b-46051dad63bc", "kind": "ReplayDetection"}', NULL, NULL, NULL, '2026-11-28 18:46:52.54+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ClientCredentials', '8e53049825e567cf926ba6dc443cec9fa5a1cf9853875ab93e7bf82b877be592', '{"exp": 1795892137, "iat": 1795891537, "kind": "ClientCredentials", "scope": "agent", "clientId": "c3ad7413-bd2a-4e59-a30b-46051dad63bc"}', 'c3ad7413-bd2a-4e59-a30b-46051dad63bc', NULL, NULL, '2026-11-28 18:55:37.542+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ReplayDetection', 'e6a295336140f18ec721243b3ec2b229f25d183ea5be0f3a5987eca8b1975322', '{"exp": 1795891614, "iat": 1795891539, "iss": "c3ad7413-bd2a-4e59-a30b-46051dad63bc", "kind": "ReplayDetection"}', NULL, NULL, NULL, '2026-11-28 18:46:54.741+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ClientCredentials', 'd9dffd9b0ae087aa708ac4f5f2be95c1462cfe50897d2672d214505820d111b7', '{"exp": 1795892139, "iat": 1795891539, "kind": "ClientCredentials", "scope": "agent", "clientId": "c3ad7413-bd2a-4e59-a30b-46051dad63bc"}', 'c3ad7413-bd2a-4e59-a30b-46051dad63bc', NULL, NULL, '2026-11-28 18:55:39.743+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ReplayDetection', '664bbadd5d8b025d599572f52fc58eee9eeb7db2bef05fb84a735b45d7633541', '{"exp": 1795891615, "iat": 1795891540, "iss": "38544fb6-a87a-451d-8b7f-58ffe66e4f88", "kind": "ReplayDetection"}', NULL, NULL, NULL, '2026-11-28 18:46:55.659+00'),
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ClientCredentials', '574667d9e334f793209daefb89a459720a0b0ed3dc95bce5f43cbba0f9a83cac', '{"exp": 1795892140, "iat": 1795891540, "kind": "ClientCredentials", "scope": "agent", "clientId": "38544fb6-a87a-451d-8b7f-58ffe66e4f88"}', '38544fb6-a87a-451d-8b7f-58ffe66e4f88', NULL, NULL, '2026-11-28 18:55:40.66+00');
INSERT INTO public.signing_keys VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', '-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIIqp28Y5389Y0aD2goOLrmdFbxxv4WPGI0o/JO1iRelU
-----END PRIVATE KEY-----
', '2026-11-28 18:45:23.188+00');
INSERT INTO public.tenants VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'contoso', '{"jwks": {"keys": [{"d": "Aa31YhX8bAAE05l6v0Gde-JS4mPFHGa6npBmdmhzZYNMQCtx7bsA2yJcw8sNXV0RcWYcZQSg2BiGkp44Q-10y3vddg9aZUNcjRAUcrLQlUJnmnmcWqWOthxy0LggcM4b6RYnYW8pRhMaA6YVR1Jpnq_Bgvw2NzPITttVis-i8DydO9op9RPh_83oam6KcZQeLrDny4ZMT-JSt7AKByqQiJJyEQDhDB-67y9hEFFe1UeK8rMPWGp16bCPFyaDDMq2kNDwV7753fbIGYnfsHXRdBBthI_cZuS_RZ5tBbPkNUkF2TkR_ZfbQMQjhGOHfQ1CRElphB6aQSBuK2eBE5q9Hw", "e": "AQAB", "n": "thv7AF497ei6uBxcg5UfzE-w774bRvDoY6vr4cLk7TfjoAUPHDO5r0sSOrrh7Nz5w1_gvrPRU2pp4b4jaX3BrlcICCoGreigWDvvpgbUrussA5OpxWpplTRGzY6wKmRKyh-B72KtGfqYwt8lAO2VcGoqYAcGURd2U1oTDkwIvjdy3rFaKde2T6cPJXM9tSn81e-A4qn6SJQRo1cyhHdSG39wSG_G9UCvEq6GZuG2cRAm1AM8bCpTDnbSQuAzNUQyXuNS3hDasJrdWhNpxZJsLW3CaPm01lq9SJXXesyVYD4QwkxuKTCX-kuItRb0gwxAbe-EAR-TEQ7qrtG8h_ziSQ", "p": "3SBudY2WG2uaLYlfhD6pgulK9-v_3paI86GFsSJAr9nV3SFBRxjbPo9W213_hkP30QcxTD3xUE4rmYmFT4q7BaidNTyAmNos6ELdzHGhoaT0eeNC8aGNz9T04x_CSuYEt3FzdcDIHiWkQ_UqFv1Nw7Oh3ZwhBwis_DHo3ZG5gJM", "q": "0tRL3jyBVQpvzLp6A6m1V2OB6HQbtBxP5m_Qnahmr8jdBpL_K9nqpvEaaNAsOmyhYr70KUFZHBmkHMd3xLNA8HE3y2bIq8gc1oI7Eq_6FJ8q3DrIGCIVyd2T4P9QcQr6dgdt96_faRClpl1ypK8t5B5QeGCtEW7_XVjuuipSxzM", "dp": "P2wm4maKsDCrlvX4xGhonBinnPY-fCw2-ZHRU53cadOT6Im6PFcfwxC_u8l5GZxy_qwOcqytgvf4v1_XMZo7zAKxnGxPAghJqxBKp3HMBx3V1QPe1okcsIiG-IHKa0sP_UF3-UUi4KqxM6CkwtVCMaha-8HlIyxU2TzDapF6YCs", "dq": "oZZhR8XsAnfrVGigV-pcuMvlp3pGOXdxrdaJeCy394bmEMHdnYh6FtW4Phk_rM_RqdNdY7lYSPdGF2CyZSpWXXMJJnZy22aW47oQ-LOz4tZTjVPoRMbrGDshulM1Hk8hxBDRsgM0IlzF-Yqp8Zrqe2rYlkrSmwgN5UfiQQFrTI0", "qi": "VfU67jLyRM_Y5Gogl6h0nERBFNgWdhFtQnhfDExYnGkclPJWbaV2k4-8NY7G_oqOh_VTpEmJNjDoeRM6JS_X8CZ5SR8txlfg4LWchR4BhlL6Ak8WTMRhKpGkUQ84JoPKoqwNGOYZyFmtX7WPPlgZrJyD8RXWdrnUGYHk9dfpIBg", "alg": "RS256", "kid": "a8b1bedb-465f-422f-bb51-0e7aa8a5eac0", "kty": "RSA", "use": "sig"}]}, "cookieKey": "ox7oai98og0cgB1kFMrMvfJtjMvVoCLLkPqEZ7gtY9I", "digestKey": "FMdzzbLfVEdVlrUYcMZBpcKncQshWg070gn55Ow-bK0"}', '2026-11-28 18:45:23.175+00');
INSERT INTO public.tokens VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', 'ddf2f1583284ba2037fa71c7817faf0a538556fceebb3b724315661f84a427df', '19a8bb12-0300-4eff-b3e0-c2ab581db2f2', '2026-11-28 18:45:23.193+00', '2027-02-26 18:45:23.193+00', '4837c881-0ac9-4845-991a-f5b55246d6c5');
INSERT INTO public.users VALUES
	('378a9809-f08d-49de-b3fa-147504d4584c', '19a8bb12-0300-4eff-b3e0-c2ab581db2f2', 'cloud', NULL, NULL, NULL, 'admin@contoso.example', 'ADMIN@CONTOSO.EXAMPLE', NULL, NULL, true, NULL, '{"mail": null, "mobile": null, "surname": null, "jobTitle": null, "givenName": null, "department": null, "displayName": "admin", "telephoneNumber": null}', true, 1795891537568000, 'eyJhbGciOiJFZERTQSIsImtpZCI6IkxYVllBSUFPQkNERDVYVUgiLCJ0eXAiOiJjYXVzZXdheS1hY2NvdW50K2p3cyJ9.eyJhY2NvdW50RXhwaXJlcyI6bnVsbCwiZGVsZXRlZCI6ZmFsc2UsImVuYWJsZWQiOmZhbHNlLCJmb3Jlc3QiOiIoY2xvdWQtb25seSkiLCJvYmplY3RHdWlkIjoiMTlhOGJiMTItMDMwMC00ZWZmLWIzZTAtYzJhYjU4MWRiMmYyIiwib2JqZWN0U2lkIjpudWxsLCJzQU1BY2NvdW50TmFtZSI6ImFkbWluIiwic2VxdWVuY2UiOjE3OTU4OTE1Mzc1NjgwMDAsInNvdXJjZUFuY2hvciI6IjE5YThiYjEyLTAzMDAtNGVmZi1iM2UwLWMyYWI1ODFkYjJmMiIsInRlbmFudCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsInVzZXJQcmluY2lwYWxOYW1lIjoiYWRtaW5AY29udG9zby5leGFtcGxlIiwidmVyc2lvbiI6Mn0.Ak-kiBDsC8zolyT8ffkNNVoU1TLe5AexIpn3YKn9hk2NaOoVF1huH7CAOi07u5mxgOYwV8mibG-_t8hSHgLSCw', '2026-11-28 18:45:37.57+00', 'v1;PPH1_MD4,2f512deba330912b4422,1000,0c21255f171c583bfe60db004747ce442248ea812c3ad9a6f85c8d92e01c52a2;', '2026-11-28 18:45:23.183+00', '2026-11-28 18:45:23.183+00', 1, 13440365123, '378a9809-f08d-49de-b3fa-147504d4584c', NULL, NULL, NULL, 2, '2026-11-28 18:45:23.183+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'admin', false, 2, NULL, 'admin@contoso.example', 'ADMIN@CONTOSO.EXAMPLE', 1, NULL, NULL, 0, NULL),
	('378a9809-f08d-49de-b3fa-147504d4584c', '430ce96a-1e7f-4da2-a8e0-1d85eba78245', 'cloud', NULL, NULL, NULL, 'olga@contoso.example', 'OLGA@CONTOSO.EXAMPLE', NULL, NULL, true, NULL, '{"mail": null, "mobile": null, "surname": null, "jobTitle": null, "givenName": null, "department": null, "displayName": "olga", "telephoneNumber": null}', false, 1795891541705000, 'eyJhbGciOiJFZERTQSIsImtpZCI6IkxYVllBSUFPQkNERDVYVUgiLCJ0eXAiOiJjYXVzZXdheS1hY2NvdW50K2p3cyJ9.eyJhY2NvdW50RXhwaXJlcyI6bnVsbCwiZGVsZXRlZCI6ZmFsc2UsImVuYWJsZWQiOnRydWUsImZvcmVzdCI6IihjbG91ZC1vbmx5KSIsIm9iamVjdEd1aWQiOiI0MzBjZTk2YS0xZTdmLTRkYTItYThlMC0xZDg1ZWJhNzgyNDUiLCJvYmplY3RTaWQiOm51bGwsInNBTUFjY291bnROYW1lIjoib2xnYSIsInNlcXVlbmNlIjoxNzk1ODkxNTQxNzA1MDAwLCJzb3VyY2VBbmNob3IiOiI0MzBjZTk2YS0xZTdmLTRkYTItYThlMC0xZDg1ZWJhNzgyNDUiLCJ0ZW5hbnQiOiIzNzhhOTgwOS1mMDhkLTQ5ZGUtYjNmYS0xNDc1MDRkNDU4NGMiLCJ1c2VyUHJpbmNpcGFsTmFtZSI6Im9sZ2FAY29udG9zby5leGFtcGxlIiwidmVyc2lvbiI6Mn0.6hBbNBMFk3x36KOAQ19wseuiScRE2U-tkuIEYhuWaaQdUfMF-9_OlRHT6YLsAyIic95vQHuH1FiVVNAifvJLBQ', '2026-11-28 18:45:41.706+00', 'v1;PPH1_MD4,d5db75ac30bfde4abce7,1000,422f228f0b7dd433c2f6279351ff5cd86ac2ce82b7bc18c7fac91e629681d0e0;', '2026-11-28 18:45:41.69+00', '2026-11-28 18:45:41.69+00', 2, 13440365141, '378a9809-f08d-49de-b3fa-147504d4584c', 1795891541700000, 'eyJhbGciOiJFZERTQSIsImtpZCI6IkxYVllBSUFPQkNERDVYVUgiLCJ0eXAiOiJjYXVzZXdheS1jcmVkZW50aWFsK2p3cyJ9.eyJjb3VudGVyIjowLCJlbmNhcHN1bGF0aW9uRGlnZXN0IjoiemRmdlhENW1wS0NGc2UyMWZDNWVaREtvUDJicUNYZDE1Umg0RnI5b2dRQSIsImZvcmVzdCI6IihjbG91ZC1vbmx5KSIsIm11c3RDaGFuZ2UiOmZhbHNlLCJvYmplY3RHdWlkIjoiNDMwY2U5NmEtMWU3Zi00ZGEyLWE4ZTAtMWQ4NWViYTc4MjQ1IiwicGFzc3dvcmRPcmRlciI6eyJvcmlnaW5hdGluZ0ludm9jYXRpb25JZCI6IjM3OGE5ODA5LWYwOGQtNDlkZS1iM2ZhLTE0NzUwNGQ0NTg0YyIsIm9yaWdpbmF0aW5nVGltZSI6MTM0NDAzNjUxNDEsInZlcnNpb24iOjJ9LCJyZWNpcGllbnRLZXlJZCI6IktNSTRTVE1QWkhHTlVTVkoiLCJzZWFsZWQiOiJRMmNUd2w5bDUwRG9SVERTZzd1cjJ4SHF1cy1uUHpQOXNnb0ZnWlJaWHJJN0Fvb2JkNl9aSjFvTHlfd29uMUwyWFhmeTgtSTEzSGthZ2RRZzhWQUMtZEdlRHZmODNDREU0Wm1BVm85czNaMlNMdjM5ckFjOHFMVzg4THJXNmI1R2FwaHVwM0JZdGczZXdFTW92eW05NEYwYUNwdFBKR0ItZGV0b3pLNDhfZGpYQndsQ1RUbU1NazdXYW5ESVdCcnpNRDhKYzRfY0pjSjA5S1RiRlBUTjBjVDFKSmkwSC1hTFF3N0dPcjZUYnhVblVHbjRESkttZVVudzZlWS1rdFppbktZWHY3dko2MTZaaHlhbTFtTWMzWENVQkVRcnhvdWNpbmJjVEVMRVFublFGS3VsWmEtVlQ2SzFFWFo0V0hKdldsUUFtUDJDX2lWUF9QSm04dDdFS01VT2x5MzNmLTdBalV4RzlKYUoxMk1pM2hDYUFOc1d5Vy1yOE1EQU9GaE9Oa0Q1MVZHc1owVHhpVDdBaFc4d0ZpMTlVRWVFYzVEWVVVQXZFQ0lYUUpESHBzZXIxeGNnU1JIaUNLSnp4UjJuRHlRWU85V2F1cWZiSlZDeHNKY21UbDRXaExTSXUyWGpaZWJtVXVhbFBYR3BDXzJEelBlWlVIUGFUd0JyaXFIek1QZlVBTEhUanA1cHdPbnQ0eWkyUUFrbEZwNU1MWGJkQ2FTSjhZMHFzZlNyNE5RNFd6X0ZIRzNuQ2JWbzVieW1FSW5uWHhXRDgxUGI2MDNfbVFoWGFzMXhIU2IzNWg3bzBWejFaN1l0a0IxRnVNNlVlYks5b0Q0TEJ5THdCZnd1OXdiSk14RDZoMVM1OWJNaG5KQWMtRC1NOHhMbnUxV054YzNaNmhVTlktdThiTUZsd1djRTUydDBGQ3NYOWRsUiIsInNlcXVlbmNlIjoxNzk1ODkxNTQxNzAwMDAwLCJzb3VyY2VBbmNob3IiOiI0MzBjZTk2YS0xZTdmLTRkYTItYThlMC0xZDg1ZWJhNzgyNDUiLCJ0ZW5hbnQiOiIzNzhhOTgwOS1mMDhkLTQ5ZGUtYjNmYS0xNDc1MDRkNDU4NGMiLCJ2ZXJzaW9uIjoyfQ.q0lC8SgKwoRRAL3mFEhX2Pqek3f6Hz15SX62Fyzi-vngkhu76LWG_F2mF4wV6pxh1yGwVS8jX-NyoFV4FvOhCA', '2026-11-28 18:45:41.705+00', 4, '2026-11-28 18:45:41.638+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'olga', false, 4, 4, 'olga@contoso.example', 'OLGA@CONTOSO.EXAMPLE', 3, NULL, NULL, 1, NULL);
ALTER TABLE ONLY public.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_pkey PRIMARY KEY (tenant_id, client_id);
ALTER TABLE ONLY public.causeway_migrations
    ADD CONSTRAINT causeway_migrations_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.change_counters
    ADD CONSTRAINT change_counters_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.connect_statuses
    ADD CONSTRAINT connect_statuses_pkey PRIMARY KEY (tenant_id, forest);
ALTER TABLE ONLY public.encapsulations
    ADD CONSTRAINT encapsulations_pkey PRIMARY KEY (tenant_id, id);
ALTER TABLE ONLY public.enrolments
    ADD CONSTRAINT enrolments_code_digest_key UNIQUE (code_digest);
ALTER TABLE ONLY public.enrolments
    ADD CONSTRAINT enrolments_pkey PRIMARY KEY (tenant_id, code_digest);
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_pkey PRIMARY KEY (tenant_id, group_name, user_id);
ALTER TABLE ONLY public.managed_domains
    ADD CONSTRAINT managed_domains_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.oidc_payloads
    ADD CONSTRAINT oidc_payloads_pkey PRIMARY KEY (tenant_id, model, id_digest);
ALTER TABLE ONLY public.reserved_names
    ADD CONSTRAINT reserved_names_pkey PRIMARY KEY (tenant_id, name_key);
ALTER TABLE ONLY public.seen_names
    ADD CONSTRAINT seen_names_pkey PRIMARY KEY (tenant_id, name_key, here, there);
ALTER TABLE ONLY public.sign_in_failures
    ADD CONSTRAINT sign_in_failures_pkey PRIMARY KEY (tenant_id, account_key, source);
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.statements
    ADD CONSTRAINT statements_pkey PRIMARY KEY (tenant_id, kind, forest);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_name_key UNIQUE (name);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (tenant_id, digest);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (tenant_id, id);
CREATE INDEX oidc_payloads_by_end ON public.oidc_payloads USING btree (tenant_id, expires_at);
CREATE INDEX oidc_payloads_by_grant ON public.oidc_payloads USING btree (tenant_id, grant_id);
CREATE INDEX oidc_payloads_by_id ON public.oidc_payloads USING btree (id_digest);
CREATE INDEX oidc_payloads_by_uid ON public.oidc_payloads USING btree (tenant_id, uid);
CREATE INDEX sign_in_failures_by_age ON public.sign_in_failures USING btree (tenant_id, updated_at);
CREATE UNIQUE INDEX users_by_anchor ON public.users USING btree (tenant_id, source_anchor, forest);
CREATE UNIQUE INDEX users_by_name ON public.users USING btree (tenant_id, upn_key) WHERE (deleted_at IS NULL);
CREATE INDEX users_by_news ON public.users USING btree (tenant_id, news_seq);
CREATE INDEX users_by_wanted_name ON public.users USING btree (tenant_id, wanted_key) WHERE (deleted_at IS NULL);
CREATE INDEX users_sent_again ON public.users USING btree (tenant_id, changed_seq) WHERE (news_seq IS DISTINCT FROM changed_seq);
CREATE TRIGGER users_end_sessions BEFORE UPDATE ON public.users FOR EACH ROW WHEN (((old.account_enabled AND (NOT new.account_enabled)) OR ((old.deleted_at IS NULL) AND (new.deleted_at IS NOT NULL)) OR ((old.blocked_at IS NULL) AND (new.blocked_at IS NOT NULL)) OR (old.cloud_credential IS DISTINCT FROM new.cloud_credential) OR (old.order_version IS DISTINCT FROM new.order_version) OR (old.order_time IS DISTINCT FROM new.order_time) OR (old.order_invocation_id IS DISTINCT FROM new.order_invocation_id) OR ((old.account_expires IS DISTINCT FROM new.account_expires) AND ((old.account_expires <= now()) OR (new.account_expires <= now()))))) EXECUTE FUNCTION public.causeway_end_sessions();
ALTER TABLE ONLY public.agents
    ADD CONSTRAINT agents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.applications
    ADD CONSTRAINT applications_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.change_counters
    ADD CONSTRAINT change_counters_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.connect_statuses
    ADD CONSTRAINT connect_statuses_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.encapsulations
    ADD CONSTRAINT encapsulations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.enrolments
    ADD CONSTRAINT enrolments_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.managed_domains
    ADD CONSTRAINT managed_domains_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.oidc_payloads
    ADD CONSTRAINT oidc_payloads_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.reserved_names
    ADD CONSTRAINT reserved_names_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.seen_names
    ADD CONSTRAINT seen_names_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.sign_in_failures
    ADD CONSTRAINT sign_in_failures_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.statements
    ADD CONSTRAINT statements_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
